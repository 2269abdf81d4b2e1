/**
 * Searching a text, and one line of a text, in any thread.
 *
 * A text is searched in windows of whole lines. A window is as large as the pattern can pass over in a few
 * milliseconds, so whoever searches can stop soon.
 */
import { nowMs } from "../../base/index.ts";
import type { Matcher } from "../contracts.ts";
import { countLineFeeds } from "../scanner/index.ts";
import { type Line, MatchList } from "../searcher/index.ts";
import type { HitSink } from "./hit-columns.ts";

const LINE_FEED = 10;
const PAUSE_BYTES = 4 << 10;
const WINDOW_BYTES_MIN = 512;
const WINDOW_BYTES_MAX = 1 << 20;
/** A window that took less is followed by a larger one, and one that took more by a smaller one. */
const SHORT_MS = 1;
const LONG_MS = 3;

/** Searches texts for one pattern and adds what it finds to one sink. */
export class TextSearch {
  readonly #matcher: Matcher;
  readonly #hits: HitSink;
  readonly #matches = new MatchList();
  readonly #line: Line = {
    bytes: Buffer.alloc(0),
    start: 0,
    end: 0,
    textStart: 0,
    textEnd: 0,
    offsetBytes: 0,
    number: 0,
  };
  #windowBytes = WINDOW_BYTES_MIN;

  constructor(matcher: Matcher, hits: HitSink) {
    this.#matcher = matcher;
    this.#hits = hits;
  }

  /**
   * Searches bytes[from, …) of a row, which begin with its first line. Pauses after each window, and after some lines
   * that may match.
   */
  *text(bytes: Buffer, from: number, row: number): Generator<void, void, void> {
    const end = bytes.length;
    let number = 1; // of the line that begins at `counted`
    let counted = from;
    let paused = from;
    for (let at = from; at < end;) {
      const windowEnd = lineEnd(bytes, at + this.#windowBytes, end);
      const beginMs = nowMs();
      const begin = at;
      for (
        let candidate;
        at < windowEnd && (candidate = this.#matcher.findCandidate(bytes, at, windowEnd)) >= 0;
      ) {
        const start = candidate === at ? at : Math.max(at, bytes.lastIndexOf(LINE_FEED, candidate - 1) + 1);
        if (start > counted) number += countLineFeeds(bytes, counted, start);
        at = this.line(bytes, start, number, row);
        number++;
        counted = at;
        if (at - paused < PAUSE_BYTES) continue;
        paused = at;
        yield;
      }
      // Only a window without hits tells how fast the pattern is: others have had pauses.
      if (at === begin) this.#pace(nowMs() - beginMs);
      at = windowEnd;
      paused = at;
      yield;
    }
  }

  /** Searches the line that begins at `start`. @returns where the next line begins */
  line(bytes: Buffer, start: number, number: number, row: number): number {
    const line = this.#line;
    line.bytes = bytes;
    line.start = start;
    line.end = lineEnd(bytes, start + 1, bytes.length);
    this.matches(line, start, number, row);
    return line.end;
  }

  /** Adds the matches of a line. @param lineOffset where the line begins in the row */
  matches(line: Line, lineOffset: number, number: number, row: number): void {
    const matches = this.#matches;
    matches.fill(this.#matcher, line, LINE_FEED, false);
    for (let index = 0; index < matches.count; index++) {
      const start = matches.start(index);
      this.#hits.add(row, number, start + 1, lineOffset + start, matches.end(index) - start);
    }
  }

  #pace(tookMs: number): void {
    if (tookMs < SHORT_MS) this.#windowBytes = Math.min(WINDOW_BYTES_MAX, 2 * this.#windowBytes);
    else if (tookMs > LONG_MS) this.#windowBytes = Math.max(WINDOW_BYTES_MIN, this.#windowBytes / 2);
  }
}

/** End of the line that has the byte before `at`. */
function lineEnd(bytes: Buffer, at: number, end: number): number {
  if (at >= end) return end;
  const feed = bytes.indexOf(LINE_FEED, at - 1);
  return feed === -1 ? end : feed + 1;
}
