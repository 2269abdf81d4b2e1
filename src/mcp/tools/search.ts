/** The tool `search`: lines that match. */
import { z } from "zod";
import { EverwarpError } from "../../base/index.ts";
import { compareCounts, comparePositions, countOf, Page, pathOrder, readCursor } from "../answer/index.ts";
import { commandError, eachRecord, type RunningCommand } from "../command/index.ts";
import {
  argument,
  FILE_FIELDS,
  fileFlags,
  NOTHING_TO_SEARCH,
  PAGE_FIELDS,
  parameters,
  remedyOf,
} from "./fields.ts";
import { HitLines } from "./hit-lines.ts";
import { MatchingFiles } from "./matching-files.ts";
import { pageAnswer } from "./page-answer.ts";
import type { Tool } from "./tool.ts";

const MAX_PATTERN_CHARS = 30_000;
const MAX_FURTHER_PATTERNS = 100;
const MAX_CONTEXT_LINES = 1_000;
const DEFAULT_MAX_HITS = 100_000;

const pattern = argument(MAX_PATTERN_CHARS);
const context = z.int().min(0).max(MAX_CONTEXT_LINES).default(0);
const further = (description: string): z.ZodOptional<z.ZodArray<z.ZodString>> =>
  z.array(pattern).max(MAX_FURTHER_PATTERNS).optional().describe(`${description} Read as pattern is.`);
const positive = z.int().min(1).max(1e9);

const input = parameters({
  pattern: z
    .union([pattern, z.array(pattern).min(1).max(100)], {
      error: `It must be a string or a list of strings, none empty or with NUL characters`,
    })
    .describe("What to look for: a regex (Rust's syntax). Of several, each line that matches any is found."),
  fixedStrings: z.boolean().optional().describe("The pattern is plain text, not a regex."),
  ignoreCase: z.boolean().optional().describe("Letters match in upper and in lower case."),
  smartCase: z.boolean().optional().describe("As ignoreCase, unless the pattern has an upper-case letter."),
  word: z.boolean().optional().describe("A match must have word boundaries around it."),
  wholeLine: z.boolean().optional().describe("A match must be a whole line."),
  invert: z.boolean().optional().describe("Find the lines that do not match."),
  and: further("Only lines that match all of these, too."),
  not: further("No lines that match any of these."),
  fileAnd: further("Only files that have a match of each of these somewhere."),
  fileNot: further("No files that have a match of any of these."),
  ...FILE_FIELDS,
  show: z
    .enum(["lines", "files", "filesWithout", "counts"])
    .default("lines")
    .describe(
      "lines: the lines that match. files: only the paths of files with a match. filesWithout: of files without " +
        "one. counts: how many lines match in each file.",
    ),
  sort: z
    .enum(["path", "count"])
    .default("path")
    .describe(
      "path: by the names of files. count: with counts, the files with the most matching lines first.",
    ),
  contextBefore: context.describe("So many lines before each match."),
  contextAfter: context.describe("So many lines after each match."),
  maxHitsPerFile: positive.optional().describe("At most so many matching lines of each file."),
  maxHits: positive
    .default(DEFAULT_MAX_HITS)
    .describe(
      "End the search after so many matching lines of all files (with files and filesWithout: after so many files).",
    ),
  ...PAGE_FIELDS,
});

type Input = z.output<typeof input>;

/** Searches. */
export const searchTool: Tool<typeof input> = {
  name: "search",
  title: "Search files",
  description:
    "Searches the contents of files as ripgrep does, and always as they are now. First comes how many lines match in " +
    "how many files, then the lines with their numbers below the paths of their files. Binary files, hidden files " +
    "and files that git ignores are left out. With many hits, look at the numbers first: show: counts.",
  input,
  async answer(given, { roots, commands }, signal) {
    if (given.sort === "count" && given.show !== "counts")
      throw new EverwarpError("EW_BAD_ARGUMENT", `sort is "count", and show is "${given.show}"`, {
        remedy: 'Set show: "counts", whose files have numbers to be sorted by.',
      });
    const paths = roots.resolveAll(given.paths ?? []);
    const args = searchArguments(given, paths);
    const after = readCursor(args, given.cursor);
    return commands.run(args, { signal }, async (command) => {
      const compare = given.sort === "count" ? compareCounts : comparePositions;
      const page = new Page(given.maxBytes, pathOrder(paths), after, compare);
      const result =
        given.show === "lines"
          ? await hitLines(command, given, page)
          : await matchingFiles(command, given, page);
      if (result.isStopped) command.stop();
      const end = await command.ended;
      const error = result.isStopped ? undefined : commandError(end, remedyOf);
      if (error !== undefined) throw error;
      return pageAnswer(result.header, page, args, end);
    });
  },
};

/** The arguments of the command that answers. They are ripgrep's own. */
export function searchArguments(given: Input, paths: readonly string[]): string[] {
  const switches: readonly [boolean | undefined, string][] = [
    [given.fixedStrings, "--fixed-strings"],
    [given.ignoreCase, "--ignore-case"],
    [given.smartCase === true && given.ignoreCase !== true, "--smart-case"],
    [given.word, "--word-regexp"],
    [given.wholeLine, "--line-regexp"],
    [given.invert, "--invert-match"],
  ];
  const conditions: readonly [readonly string[] | undefined, string][] = [
    [given.and, "--and"],
    [given.not, "--not"],
    [given.fileAnd, "--file-and"],
    [given.fileNot, "--file-not"],
  ];
  const outputs = {
    lines: ["--json", `--before-context=${given.contextBefore}`, `--after-context=${given.contextAfter}`],
    files: ["--files-with-matches", "--null"],
    filesWithout: ["--files-without-match", "--null"],
    counts: ["--count", "--null", "--with-filename"],
  };
  return [
    "search",
    "--no-config",
    "--sort=path",
    ...outputs[given.show],
    ...switches.flatMap(([isOn, flag]) => (isOn === true ? [flag] : [])),
    ...(given.maxHitsPerFile === undefined ? [] : [`--max-count=${given.maxHitsPerFile}`]),
    ...(given.show === "lines" ? [`--max-total=${given.maxHits + 1}`] : []),
    ...conditions.flatMap(([patterns, flag]) => (patterns ?? []).map((each) => `${flag}=${each}`)),
    ...fileFlags(given),
    ...[given.pattern].flat().map((each) => `--regexp=${each}`),
    "--",
    ...paths,
  ];
}

/** What is said before the page. */
interface Result {
  readonly header: string;
  /** The search was to end before its end. */
  readonly isStopped: boolean;
}

async function hitLines({ output }: RunningCommand, given: Input, page: Page): Promise<Result> {
  const found = new HitLines(page, given);
  await eachRecord(output, 0x0a, (record) => found.take(record));
  const { hits, files, isStopped, firstShown, lastShown, searchedFiles } = found;
  if (hits === 0) {
    const advice = searchedFiles === 0 ? `No file was searched. ${NOTHING_TO_SEARCH}` : NO_HITS;
    return { header: `No line matches. ${advice}`, isStopped };
  }
  const total = `${countOf(hits, "matching line")} in ${countOf(files, "file")}`;
  const isAll = lastShown - firstShown + 1 === hits && !isStopped;
  const shown = isAll || firstShown === 0 ? "" : ` Shown: ${firstShown} to ${lastShown}.`;
  return {
    header: `${isStopped ? `More than ${total}; the search ended there` : total}.${shown}`,
    isStopped,
  };
}

const NO_HITS = "Try ignoreCase, a shorter pattern or fixedStrings; hidden and noIgnore search more files.";

async function matchingFiles(
  { output }: RunningCommand,
  { show, sort, maxHits }: Input,
  page: Page,
): Promise<Result> {
  const found = new MatchingFiles(page, { hasCounts: show === "counts", maxHits, sort });
  await eachRecord(output, 0, (record) => found.take(record));
  found.finish();
  const { hits, files, isStopped } = found;
  if (files === 0) {
    const none =
      show === "filesWithout" ? "Every file that was searched matches." : `No line matches. ${NO_HITS}`;
    return { header: none, isStopped };
  }
  const verb = show === "filesWithout" ? "without a match" : "with a match";
  const total =
    show === "counts"
      ? `${countOf(hits, "matching line")} in ${countOf(files, "file")}`
      : `${countOf(files, "file")} ${verb}`;
  return { header: `${isStopped ? `More than ${total}; the search ended there` : total}.`, isStopped };
}
