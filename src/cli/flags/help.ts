/** Writes help from the flag table. */
import { CATEGORIES, type Flag } from "./definition.ts";
import { FLAGS } from "./table.ts";

const WIDTH = 80;

function names(flag: Flag): string {
  const value = flag.kind === "value" || flag.kind === "repeatable" ? `=${flag.variable}` : "";
  return `${flag.short === undefined ? "" : `-${flag.short}, `}--${flag.long}${value}`;
}

function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.length + word.length + 1 > WIDTH && line !== indent) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}

const HEAD = `everwarp search looks for lines that match a regular expression, in files and
directories, with the flags and the output of ripgrep.

USAGE:
  everwarp search [FLAGS] PATTERN [PATH ...]
  everwarp search [FLAGS] -e PATTERN ... [PATH ...]
  everwarp search [FLAGS] -f PATTERNFILE ... [PATH ...]
  everwarp search [FLAGS] --files [PATH ...]
  everwarp search [FLAGS] --type-list
  command | everwarp search [FLAGS] PATTERN
`;

function inCategory(category: string): Flag[] {
  return FLAGS.filter((flag) => flag.category === category).toSorted((a, b) => (a.long < b.long ? -1 : 1));
}

/** The text of -h: one line per flag. */
export function shortHelp(): string {
  const width = Math.max(...FLAGS.map((flag) => names(flag).length)) + 2;
  const parts = CATEGORIES.map(
    (category) =>
      `${category.toUpperCase()}:\n` +
      inCategory(category)
        .map((flag) => `  ${names(flag).padEnd(width)}${flag.help}\n`)
        .join(""),
  );
  return `${HEAD}\n${parts.join("\n")}`;
}

function paragraph(flag: Flag): string {
  const lines = [`  ${names(flag)}`, wrap(flag.help, "      ")];
  if (flag.details !== undefined) lines.push("", wrap(flag.details, "      "));
  if ("choices" in flag && flag.choices !== undefined)
    lines.push("", wrap(`One of: ${flag.choices.join(", ")}.`, "      "));
  if (flag.negated !== undefined) lines.push("", wrap(`--${flag.negated} takes it back.`, "      "));
  return lines.join("\n");
}

/** The text of --help: one paragraph per flag. */
export function longHelp(): string {
  const parts = CATEGORIES.map(
    (category) => `${category.toUpperCase()}:\n${inCategory(category).map(paragraph).join("\n\n")}\n`,
  );
  return `${HEAD}\n${parts.join("\n")}`;
}
