/** What a match must find in files, by the slow reference; and automata of patterns. */
import { type AutomatonLimits, compileAutomaton } from "../../src/search/automaton/index.ts";
import type { RawHits } from "../../src/search/backend/index.ts";
import type { LineAutomaton } from "../../src/search/contracts.ts";
import { createMatcher, type MatcherOptions, syntaxOf } from "../../src/search/matcher/index.ts";
import { lineMatches } from "../../src/search/reference/index.ts";

const LINE_FEED = 10;
/** No larger than what fits the memory for tables. */
const LIMITS: AutomatonLimits = {
  maxNfaStates: 20_000,
  maxUnicodeNfaStates: 20_000,
  maxStates: 1_500,
  maxSteps: 2_000_000,
};
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The automaton of a pattern; undefined where it is refused, or none of that kind can decide it. */
export function automatonOf(
  pattern: string | readonly string[],
  options: Partial<MatcherOptions> = {},
): LineAutomaton | undefined {
  try {
    const patterns = typeof pattern === "string" ? [pattern] : [...pattern];
    const syntax = syntaxOf(createMatcher({ patterns, allowNul: true, ...options }));
    return syntax && compileAutomaton(syntax, LIMITS);
  } catch {
    return undefined;
  }
}

/** The automaton of a pattern that has one. */
export function theAutomatonOf(pattern: string): LineAutomaton {
  const automaton = automatonOf(pattern);
  if (automaton === undefined) throw new Error(`no automaton for ${pattern}`);
  return automaton;
}

/** A line of a file: its number, and where it lies in the content. */
export interface FileLine {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** The lines of a content. What is behind a final line feed is none. */
export function linesOf(bytes: Uint8Array): FileLine[] {
  const lines: FileLine[] = [];
  const hasMark = MARK.equals(bytes.subarray(0, 3));
  for (let start = hasMark ? 3 : 0; start < bytes.length;) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed < 0 ? bytes.length : feed;
    lines.push({ line: lines.length + 1, start, end });
    start = end + 1;
  }
  return lines;
}

/** Everything that a match must say: hits as [file, line, column, offset, length], and undecided lines. */
export interface ExpectedMatches {
  readonly hits: number[][];
  /** As [file, line, offset]. */
  readonly undecided: number[][];
}

/** What the reference finds. @param mustLeave lines that a backend leaves undecided whatever they are */
export function expectedMatches(
  contents: readonly Uint8Array[],
  automaton: LineAutomaton,
  mustLeave: (file: number, line: FileLine) => boolean = () => false,
): ExpectedMatches {
  const hits: number[][] = [];
  const undecided: number[][] = [];
  for (const [file, bytes] of contents.entries()) {
    for (const each of linesOf(bytes)) {
      const { line, start, end } = each;
      const found = mustLeave(file, each) ? undefined : lineMatches(automaton, bytes, start, end);
      if (found === undefined) undecided.push([file, line, start]);
      for (const match of found ?? []) {
        if (match.start >= bytes.length) continue; // behind the last byte of a file without a final line feed
        hits.push([file, line, match.start - start + 1, match.start, match.end - match.start]);
      }
    }
  }
  return { hits, undecided };
}

/** What a backend says. */
export function rowsOf(raw: RawHits): ExpectedMatches {
  const { line, column } = raw.locate();
  const { undecided } = raw;
  return {
    hits: Array.from({ length: raw.count }, (_, index) => [
      raw.file[index] as number,
      line[index] as number,
      column[index] as number,
      raw.offset[index] as number,
      raw.length[index] as number,
    ]),
    undecided: Array.from({ length: undecided.count }, (_, index) => [
      undecided.file[index] as number,
      undecided.line[index] as number,
      undecided.offset[index] as number,
    ]),
  };
}
