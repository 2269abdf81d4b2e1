/** The matches of one line, found once and used for column, colour, -o, counts and JSON. */
import type { Matcher } from "../contracts.ts";
import { textEnd } from "../content/index.ts";
import type { Line } from "./sink.ts";

/** How far behind a match across lines its look-around can see when its matches are looked for again, as in ripgrep. */
const LOOK_AHEAD_BYTES = 128;

/** Where the text begins that the matches of a line are looked for in. */
export const searchedStart = (matcher: Matcher, line: Line): number =>
  matcher.seesBefore === true ? line.textStart : line.start;

/** Where that text ends: before the line's terminator, or some bytes behind lines that match together. */
export const searchedEnd = (matcher: Matcher, line: Line, terminator: number, crlf: boolean): number =>
  matcher.acrossLines === true
    ? Math.min(line.textEnd, line.end + LOOK_AHEAD_BYTES)
    : textEnd(line.bytes, line.start, line.end, terminator, crlf);

/** The matches of one line. One object serves all lines. */
export class MatchList {
  count = 0;
  /** Start and end of match i, counted from the line's first byte. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  clear(): void {
    this.count = 0;
  }

  add(start: number, end: number): void {
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
  }

  start(index: number): number {
    return this.starts[index] as number;
  }

  end(index: number): number {
    return this.ends[index] as number;
  }

  /**
   * Finds all matches of a line. Two kinds of empty matches do not count: one that touches the end of the
   * match before it, and one behind the last byte of a line without a terminator.
   */
  fill(matcher: Matcher, line: Line, terminator: number, crlf: boolean): void {
    this.count = 0;
    const base = line.start;
    const start = searchedStart(matcher, line);
    const end = searchedEnd(matcher, line, terminator, crlf);
    let lastEnd = -1;
    for (let from = base; from <= end && matcher.findInLine(line.bytes, start, end, from);) {
      const { matchStart, matchEnd } = matcher;
      const empty = matchStart === matchEnd;
      from = empty ? matchEnd + 1 : matchEnd;
      if (matchStart >= line.end) break;
      if (empty && matchEnd === lastEnd) continue;
      lastEnd = matchEnd;
      this.add(matchStart - base, matchEnd - base);
    }
  }
}

/** Number of matches of a line. They are not kept. */
export function countMatches(matcher: Matcher, line: Line, terminator: number, crlf: boolean): number {
  const start = searchedStart(matcher, line);
  const end = searchedEnd(matcher, line, terminator, crlf);
  let count = 0;
  let lastEnd = -1;
  for (let from = line.start; from <= end && matcher.findInLine(line.bytes, start, end, from);) {
    const { matchStart, matchEnd } = matcher;
    const empty = matchStart === matchEnd;
    from = empty ? matchEnd + 1 : matchEnd;
    if (matchStart >= line.end) break;
    if (empty && matchEnd === lastEnd) continue;
    lastEnd = matchEnd;
    count++;
  }
  return count;
}
