/**
 * Chains of ripgrep's own processes, for flags that ripgrep has not: one search for each pattern says which lines and
 * files match it. In a second tree, the lines that are left begin with a mark, and ripgrep searches for that.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Dir, runRipgrep } from "./cli.ts";

const MARK = "@";
/** Finds the hits of a marked tree. */
export const MARKED = `^${MARK}`;

/** What is asked of lines and files. */
export interface Asked {
  readonly reading: readonly string[];
  readonly main: string;
  readonly and: readonly string[];
  readonly not: readonly string[];
  readonly fileAnd: readonly string[];
  readonly fileNot: readonly string[];
}

/** As arguments of everwarp. */
export const argumentsOf = ({ reading, main, and, not, fileAnd, fileNot }: Asked): string[] => [
  ...reading,
  "-e",
  main,
  ...and.flatMap((pattern) => ["--and", pattern]),
  ...not.flatMap((pattern) => ["--not", pattern]),
  ...fileAnd.flatMap((pattern) => ["--file-and", pattern]),
  ...fileNot.map((pattern) => `--file-not=${pattern}`),
];

/** With --crlf, ripgrep ends lines of its own in CR LF. */
export const linesOf = (bytes: Buffer): string[] => bytes.toString().split(/\r?\n/).slice(0, -1);
/** The lines that ripgrep prints of all files. */
export const ripgrep = (dir: Dir, ...args: string[]): string[] =>
  linesOf(runRipgrep(dir.path, [...args, "."]).stdout);

/** The files that are searched, in the order of their paths. */
export function filesOf(dir: Dir, { reading, fileAnd, fileNot }: Asked): string[] {
  const matching = (pattern: string): Set<string> => new Set(ripgrep(dir, ...reading, "-l", "-e", pattern));
  const wanted = fileAnd.map(matching);
  const unwanted = fileNot.map(matching);
  return ripgrep(dir, "--files", "--sort", "path").filter(
    (file) => wanted.every((set) => set.has(file)) && unwanted.every((set) => !set.has(file)),
  );
}

/** `./path:number` of each hit. */
export function hitsOf(dir: Dir, { reading, main, and, not }: Asked): Set<string> {
  const place = (line: string): string => /^[^:]+:\d+/.exec(line)?.[0] ?? "";
  const matching = (pattern: string): Set<string> =>
    new Set(ripgrep(dir, ...reading, "-Hn", "--no-heading", "-e", pattern).map(place));
  const wanted = and.map(matching);
  const unwanted = not.map(matching);
  return new Set(
    [...matching(main)].filter(
      (hit) => wanted.every((set) => set.has(hit)) && unwanted.every((set) => !set.has(hit)),
    ),
  );
}

/** The files that are searched, with a mark before each hit. */
export function markedTree(dir: Dir, asked: Asked): Dir {
  const hits = hitsOf(dir, asked);
  const marked = new Dir("marked");
  for (const file of filesOf(dir, asked)) {
    const lines = readFileSync(join(dir.path, file), "utf8").split("\n");
    const text = lines.map((line, index) => (hits.has(`${file}:${index + 1}`) ? MARK + line : line));
    marked.file(file, text.join("\n"));
  }
  return marked;
}

/** The options of reading that change how lines end in the output. */
export const endings = ({ reading }: Asked): readonly string[] =>
  reading.filter((option) => option === "--crlf");

/** What is printed of a marked tree, as of the true one. */
export const withoutMarks = (text: string): string => text.replaceAll(MARK, "");

/** The files that have something to show, and how many lines of each match, as ripgrep counts them. */
export function countsOf(marked: Dir, options: readonly string[]): { file: string; count: number }[] {
  return ripgrep(marked, ...options, "-cH", "--sort", "path", MARKED).map((line) => {
    const colon = line.lastIndexOf(":");
    return { file: line.slice(0, colon), count: Number(line.slice(colon + 1)) };
  });
}
