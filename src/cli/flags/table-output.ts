/** Flags that choose what is printed, and how. */
import {
  applyColorSpec,
  DEFAULT_COLOR_SPECS,
  HYPERLINK_ALIASES,
  parseHyperlinkFormat,
} from "../../search/index.ts";
import type { Flag } from "./definition.ts";
import type { FlagValues } from "./flag-values.ts";
import { badValue, parseChoice, parseCount, parseEscaped } from "./value-parsers.ts";

type Lines = "before" | "after" | "both";

function setContext(flags: FlagValues, which: Lines, value: string): void {
  const lines = parseCount(value);
  if (flags.context === "passthru") flags.context = {};
  flags.context[which] = lines;
}

const SORT_KEYS = ["none", "path", "modified", "accessed", "created", "count"] as const;

function setSort(flags: FlagValues, value: string, reverse: boolean): void {
  const key = parseChoice(value, SORT_KEYS);
  flags.sort = key === "none" ? undefined : { key, reverse };
}

/** The flags about output. */
export const OUTPUT_FLAGS: readonly Flag[] = [
  {
    kind: "value",
    long: "after-context",
    short: "A",
    variable: "NUM",
    category: "output",
    help: "Show NUM lines after each match.",
    update: (flags, value) => setContext(flags, "after", value),
  },
  {
    kind: "value",
    long: "before-context",
    short: "B",
    variable: "NUM",
    category: "output",
    help: "Show NUM lines before each match.",
    update: (flags, value) => setContext(flags, "before", value),
  },
  {
    kind: "switch",
    long: "block-buffered",
    negated: "no-block-buffered",
    category: "output",
    help: "Write in large blocks, even to a terminal.",
    update: (flags, on) => void (flags.buffer = on ? "block" : "auto"),
  },
  {
    kind: "switch",
    long: "byte-offset",
    short: "b",
    negated: "no-byte-offset",
    category: "output",
    help: "Show the offset of each line in its file, in bytes.",
    update: (flags, on) => void (flags.byteOffset = on),
  },
  {
    kind: "value",
    long: "color",
    variable: "WHEN",
    choices: ["never", "auto", "always", "ansi"],
    category: "output",
    help: "When to use colours.",
    update: (flags, value) => void (flags.color = parseChoice(value, ["never", "auto", "always", "ansi"])),
  },
  {
    kind: "repeatable",
    long: "colors",
    variable: "COLOR_SPEC",
    category: "output",
    help: "Change a colour, as in match:fg:magenta.",
    details:
      "PART:ATTRIBUTE:VALUE, where PART is path, line, column, match or highlight, " +
      "ATTRIBUTE is fg, bg or style (or none, without a value), " +
      "and VALUE a colour's name, its number from 0 to 255, three numbers R,G,B, " +
      "or a style such as bold or nounderline.",
    update(flags, value) {
      // Only checks the value.
      applyColorSpec({ ...DEFAULT_COLOR_SPECS }, value);
      flags.colors.push(value);
    },
  },
  {
    kind: "switch",
    long: "column",
    negated: "no-column",
    category: "output",
    help: "Show the column of the first match, in bytes from 1.",
    update: (flags, on) => void (flags.column = on),
  },
  {
    kind: "value",
    long: "context",
    short: "C",
    variable: "NUM",
    category: "output",
    help: "Show NUM lines before and after each match.",
    update: (flags, value) => setContext(flags, "both", value),
  },
  {
    kind: "value",
    long: "context-separator",
    negated: "no-context-separator",
    variable: "SEPARATOR",
    takesBytes: true,
    category: "output",
    help: "What stands between groups of lines.",
    update: (flags, value) => void (flags.contextSeparator = parseEscaped(value)),
    reset: (flags) => void (flags.contextSeparator = undefined),
  },
  {
    kind: "value",
    long: "field-context-separator",
    variable: "SEPARATOR",
    takesBytes: true,
    category: "output",
    help: "What stands between the fields of a context line.",
    update: (flags, value) => void (flags.fieldContextSeparator = parseEscaped(value)),
  },
  {
    kind: "value",
    long: "field-match-separator",
    variable: "SEPARATOR",
    takesBytes: true,
    category: "output",
    help: "What stands between the fields of a matching line.",
    update: (flags, value) => void (flags.fieldMatchSeparator = parseEscaped(value)),
  },
  {
    kind: "switch",
    long: "heading",
    negated: "no-heading",
    category: "output",
    help: "Show the path once, above a file's lines.",
    update: (flags, on) => void (flags.heading = on),
  },
  {
    kind: "value",
    long: "hostname-bin",
    variable: "COMMAND",
    takesBytes: true,
    category: "output",
    help: "A program that prints the host's name for hyperlinks.",
    details: "It is started only where links have {host}. If it fails, the name is the system's.",
    update: (flags, value) => void (flags.hostnameProgram = value === "" ? undefined : value),
  },
  {
    kind: "value",
    long: "hyperlink-format",
    variable: "FORMAT",
    choices: HYPERLINK_ALIASES,
    category: "output",
    help: "Links to files and lines, for terminals that open them.",
    details:
      "A URL with {path} and, if wanted, {line}, {column}, {host} and {wslprefix}; {{ and }} are braces. " +
      "A name stands for the URL of a program. An empty format means no links, which is the default. " +
      "Links are written only where colours are.",
    update: (flags, value) => void (flags.hyperlinkParts = parseHyperlinkFormat(value)),
  },
  {
    kind: "switch",
    long: "include-zero",
    negated: "no-include-zero",
    category: "output",
    help: "Counts show files without a match too.",
    update: (flags, on) => void (flags.includeZero = on),
  },
  {
    kind: "switch",
    long: "line-buffered",
    negated: "no-line-buffered",
    category: "output",
    help: "Write after each file, even into a pipe.",
    update: (flags, on) => void (flags.buffer = on ? "line" : "auto"),
  },
  {
    kind: "switch",
    long: "line-number",
    short: "n",
    category: "output",
    help: "Show line numbers.",
    update: (flags) => void (flags.lineNumber = true),
  },
  {
    kind: "switch",
    long: "no-line-number",
    short: "N",
    category: "output",
    help: "Do not show line numbers.",
    update: (flags) => void (flags.lineNumber = false),
  },
  {
    kind: "value",
    long: "max-columns",
    short: "M",
    variable: "NUM",
    category: "output",
    help: "Leave out lines of more than NUM bytes; 0 for no limit.",
    update: (flags, value) => void (flags.maxColumns = parseCount(value) || undefined),
  },
  {
    kind: "switch",
    long: "max-columns-preview",
    negated: "no-max-columns-preview",
    category: "output",
    help: "Show the beginning of lines that are too long.",
    update: (flags, on) => void (flags.maxColumnsPreview = on),
  },
  {
    kind: "switch",
    long: "null",
    short: "0",
    category: "output",
    help: "A NUL byte follows each path.",
    update: (flags) => void (flags.null = true),
  },
  {
    kind: "switch",
    long: "only-matching",
    short: "o",
    category: "output",
    help: "Show only what matches, each match on a line.",
    update: (flags) => void (flags.onlyMatching = true),
  },
  {
    kind: "value",
    long: "path-separator",
    variable: "SEPARATOR",
    category: "output",
    help: "A byte in the place of / in paths.",
    update(flags, value) {
      const bytes = parseEscaped(value);
      if (bytes.length > 1)
        throw badValue(
          `A path separator must be exactly one byte, but the given separator is ${bytes.length} bytes: ${value}`,
        );
      flags.pathSeparator = bytes === "" ? undefined : bytes;
    },
  },
  {
    kind: "switch",
    long: "passthru",
    aliases: ["passthrough"],
    category: "output",
    help: "Show all lines, matching or not.",
    update: (flags) => void (flags.context = "passthru"),
  },
  {
    kind: "switch",
    long: "pretty",
    short: "p",
    category: "output",
    help: "As --color always --heading --line-number.",
    update(flags) {
      flags.color = "always";
      flags.heading = true;
      flags.lineNumber = true;
    },
  },
  {
    kind: "switch",
    long: "quiet",
    short: "q",
    category: "output",
    help: "Print nothing; the exit code tells.",
    update: (flags) => void (flags.quiet = true),
  },
  {
    kind: "value",
    long: "replace",
    short: "r",
    variable: "TEXT",
    category: "output",
    help: "Show TEXT in the place of each match; $0 is the match, $1 a group.",
    details:
      "$1, ${1}, $name and ${name} are what the groups of the pattern captured, and nothing where there is no such " +
      "group. $$ is a dollar sign.",
    update: (flags, value) => void (flags.replacement = value),
  },
  {
    kind: "value",
    long: "sort",
    variable: "SORTBY",
    choices: SORT_KEYS,
    category: "output",
    help: "Sort files, the smallest first.",
    update: (flags, value) => setSort(flags, value, false),
  },
  {
    kind: "value",
    long: "sortr",
    variable: "SORTBY",
    choices: SORT_KEYS,
    category: "output",
    help: "Sort files, the largest first.",
    update: (flags, value) => setSort(flags, value, true),
  },
  {
    kind: "switch",
    long: "sort-files",
    negated: "no-sort-files",
    category: "output",
    help: "As --sort path (an old name).",
    update: (flags, on) => void (flags.sort = on ? { key: "path", reverse: false } : undefined),
  },
  {
    kind: "switch",
    long: "trim",
    negated: "no-trim",
    category: "output",
    help: "Leave out blanks at the beginning of lines.",
    update: (flags, on) => void (flags.trim = on),
  },
  {
    kind: "switch",
    long: "vimgrep",
    category: "output",
    help: "One line per match, with path, line and column.",
    update: (flags) => void (flags.vimgrep = true),
  },
  {
    kind: "switch",
    long: "with-filename",
    short: "H",
    category: "output",
    help: "Show the path of each line.",
    update: (flags) => void (flags.withFilename = true),
  },
  {
    kind: "switch",
    long: "no-filename",
    short: "I",
    category: "output",
    help: "Never show the path of lines.",
    update: (flags) => void (flags.withFilename = false),
  },
  {
    kind: "switch",
    long: "count",
    short: "c",
    category: "output modes",
    help: "Show how many lines match in each file.",
    update: (flags) => void (flags.mode = { kind: "search", search: "count" }),
  },
  {
    kind: "switch",
    long: "count-matches",
    category: "output modes",
    help: "Show how many matches each file has.",
    update: (flags) => void (flags.mode = { kind: "search", search: "countMatches" }),
  },
  {
    kind: "switch",
    long: "files-with-matches",
    short: "l",
    category: "output modes",
    help: "Show only the paths of files that match.",
    update: (flags) => void (flags.mode = { kind: "search", search: "filesWithMatches" }),
  },
  {
    kind: "switch",
    long: "files-without-match",
    category: "output modes",
    help: "Show only the paths of files that do not match.",
    update: (flags) => void (flags.mode = { kind: "search", search: "filesWithoutMatch" }),
  },
  {
    kind: "switch",
    long: "json",
    negated: "no-json",
    category: "output modes",
    help: "Show everything as JSON, a message per line.",
    update(flags, on) {
      if (on) flags.mode = { kind: "search", search: "json" };
      else if (flags.mode.kind === "search" && flags.mode.search === "json")
        flags.mode = { kind: "search", search: "standard" };
    },
  },
];
