/**
 * Searches one piece of memory after another, line by line, and tells a sink what to print.
 *
 * The state of one file, as indexes into the memory that is being searched:
 *
 *     bufferStart      lastVisited   lastCounted        position          end
 *         │ seen, kept as    │ told to the   │ newlines      │ to be          │
 *         │ context          │ sink up to    │ counted up to │ searched       │
 *         ▼                  ▼ here          ▼ here          ▼                ▼
 *     ────┴──────────────────┴───────────────┴───────────────┴────────────────┴────
 *
 * Invariants: bufferStart ≤ lastVisited ≤ position ≤ end. `origin` + index is the offset in the file. Lines
 * are told in order, each at most once. One `LineSearch` serves all files after a `reset`. Nothing is
 * allocated between two lines.
 */
import type { Matcher } from "../contracts.ts";
import type { CandidateSource } from "./candidates.ts";
import {
  countTerminators,
  lineEnd,
  lineStart,
  precedingLine,
  textEnd,
  type BinaryMode,
} from "../content/index.ts";
import type { SearcherOptions } from "./options.ts";
import type { ContextKind, Line, Sink } from "./sink.ts";

/** Returns the number of line feeds in bytes[from, to). */
export type LineFeedCounter = (bytes: Uint8Array, from: number, to: number) => number;

const LINE_FEED = 10;
/** In fewer bytes, a plain loop counts faster than a call. */
const SHORT_BYTES = 512;

/** Finds the lines of one file that match, with their context. */
export class LineSearch {
  /** Offset in the file of index 0. */
  origin = 0;
  /** Everything before this index was searched. */
  position = 0;
  /** Offset of the first NUL that was seen, or −1. */
  binaryOffset = -1;

  private readonly options: SearcherOptions;
  private readonly matcher: Matcher;
  private readonly sink: Sink;
  private readonly terminator: number;
  private readonly hasContext: boolean;
  private readonly countLineFeeds: LineFeedCounter | undefined;
  private readonly line: Line = {
    bytes: Buffer.alloc(0),
    start: 0,
    end: 0,

    offsetBytes: 0,
    number: 0,
  };
  private candidates: CandidateSource;
  private binary: BinaryMode = "none";
  private bufferStart = 0;
  private lineNumber = 0;
  private lastCounted = 0;
  private lastVisited = 0;
  private afterContextLeft = 0;
  private hasSunk = false;
  private hasMatched = false;
  private count = 0;

  /** @param countLineFeeds counts line feeds in bytes[from, to), faster than a loop */
  constructor(
    options: SearcherOptions,
    matcher: Matcher,
    candidates: CandidateSource,
    sink: Sink,
    countLineFeeds?: LineFeedCounter,
  ) {
    this.countLineFeeds = options.lineTerminator === LINE_FEED ? countLineFeeds : undefined;
    this.options = options;
    this.matcher = matcher;
    this.candidates = candidates;
    this.sink = sink;
    this.terminator = options.lineTerminator;
    this.hasContext = options.beforeContext > 0 || options.afterContext > 0;
  }

  /**
   * Begins a file.
   * @param start index of the file's first byte
   * @param origin offset in the file of index 0. It is negative where a byte-order mark is skipped
   * @param binary what to do about NUL bytes in printed lines (`none` if the reader looks for them)
   */
  reset(candidates: CandidateSource, start: number, origin: number, binary: BinaryMode): void {
    this.candidates = candidates;
    this.origin = origin;
    this.position = start;
    this.bufferStart = start;
    this.lastCounted = start;
    this.lastVisited = start;
    this.lineNumber = this.options.lineNumber ? 1 : 0;
    this.binary = binary;
    this.binaryOffset = -1;
    this.afterContextLeft = 0;
    this.hasSunk = false;
    this.hasMatched = false;
    this.count = 0;
  }

  /** Searches from `position` to `end`. @returns false if the rest of the file need not be searched */
  search(bytes: Buffer, end: number): boolean {
    this.line.bytes = bytes;
    if (
      this.options.passthru ||
      (this.options.stopOnNonmatch && this.hasMatched) ||
      this.terminator !== LINE_FEED
    )
      return this.searchEveryLine(bytes, end);
    return this.searchCandidates(bytes, end);
  }

  /**
   * Ends a piece of memory. Lines that may be shown as context later are kept.
   * @returns index of the first byte that must be kept
   */
  roll(bytes: Buffer, end: number): number {
    const keep = this.hasContext
      ? Math.max(
          precedingLine(bytes, this.bufferStart, end, this.terminator, this.options.beforeContext),
          this.lastVisited,
        )
      : end;
    this.countLines(bytes, keep);
    this.bufferStart = keep;
    this.lastCounted = keep;
    this.lastVisited = keep;
    this.position = end;
    return keep;
  }

  /** The memory was moved: index `by` is now index 0. */
  shift(by: number): void {
    this.origin += by;
    this.position -= by;
    this.bufferStart -= by;
    this.lastCounted -= by;
    this.lastVisited -= by;
  }

  /** Looks for the first NUL in bytes[from, to). @returns true if the search of this file must end */
  detectBinary(bytes: Buffer, from: number, to: number): boolean {
    if (this.binaryOffset !== -1) return this.binary === "quit";
    if (this.binary === "none") return false;
    let found = -1;
    if (to - from < 64) {
      for (let index = from; index < to; index++)
        if (bytes[index] === 0) {
          found = index;
          break;
        }
    } else found = bytes.subarray(from, to).indexOf(0) + from;
    if (found < from) return false;
    this.binaryOffset = this.origin + found;
    this.sink.binaryData(this.binaryOffset);
    return this.binary === "quit";
  }

  private limitReached(): boolean {
    return this.count >= this.options.maxCount;
  }

  private lineMatches(bytes: Buffer, start: number, end: number): boolean {
    return this.matcher.findInLine(
      bytes,
      start,
      textEnd(bytes, start, end, this.terminator, this.options.crlf),
      start,
    );
  }

  private searchEveryLine(bytes: Buffer, end: number): boolean {
    while (this.position < end) {
      const start = this.position;
      const stop = lineEnd(bytes, start, end, this.terminator);
      const limited = this.limitReached();
      if (limited && !this.options.passthru && this.afterContextLeft === 0) return false;
      const matched = !limited && this.lineMatches(bytes, start, stop);
      this.position = stop;
      const success = matched !== this.options.invertMatch;
      if (success) {
        this.hasMatched = true;
        this.count++;
        if (!this.tellBeforeContext(bytes, start) || !this.tellMatch(bytes, start, stop)) return false;
      } else if (this.afterContextLeft >= 1) {
        if (!this.tellContext(bytes, start, stop, "after")) return false;
      } else if (this.options.passthru && !this.tellContext(bytes, start, stop, "other")) return false;
      if (this.options.stopOnNonmatch && !success && this.hasMatched) return false;
    }
    return true;
  }

  private searchCandidates(bytes: Buffer, end: number): boolean {
    const { invertMatch, stopOnNonmatch } = this.options;
    while (this.position < end) {
      if (stopOnNonmatch && this.hasMatched) return this.searchEveryLine(bytes, end);
      if (invertMatch) {
        if (!this.searchInverted(bytes, end)) break;
        continue;
      }
      const start = this.nextMatchingLine(bytes, end);
      if (start === -1) break;
      const stop = lineEnd(bytes, this.foundAt, end, this.terminator);
      this.hasMatched = true;
      this.count++;
      if (this.hasContext && (!this.tellAfterContext(bytes, start) || !this.tellBeforeContext(bytes, start)))
        return false;
      this.position = stop;
      if (!this.tellMatch(bytes, start, stop)) return false;
    }
    if (!this.tellAfterContext(bytes, end)) return false;
    if (this.limitReached() && this.afterContextLeft === 0) return false;
    this.position = end;
    return true;
  }

  /** Tells the sink the lines between two matching lines. @returns false if the sink wants no more */
  private searchInverted(bytes: Buffer, end: number): boolean {
    const from = this.position;
    const found = this.nextMatchingLine(bytes, end);
    const to = found === -1 ? end : found;
    this.position = found === -1 ? end : lineEnd(bytes, this.foundAt, end, this.terminator);
    if (from >= to) return true;
    this.hasMatched = true;
    if (!this.tellAfterContext(bytes, from) || !this.tellBeforeContext(bytes, from)) return false;
    for (let start = from; start < to;) {
      const stop = lineEnd(bytes, start, to, this.terminator);
      this.count++;
      if (!this.tellMatch(bytes, start, stop) || this.limitReached()) return false;
      start = stop;
    }
    return true;
  }

  /** An index inside the line that `nextMatchingLine` found. */
  private foundAt = 0;

  /** Start of the first matching line at or after `position`, or −1. Sets `foundAt`. */
  private nextMatchingLine(bytes: Buffer, end: number): number {
    let from = this.position;
    while (from < end) {
      if (this.limitReached()) return -1;
      const at = this.candidates.next(bytes, from, end);
      if (at === -1 || at >= end) return -1;
      const start = lineStart(bytes, at, from, this.terminator);
      this.foundAt = at;
      if (this.candidates.exact) return start;
      const stop = lineEnd(bytes, at, end, this.terminator);
      if (this.lineMatches(bytes, start, stop)) return start;
      from = stop;
    }
    return -1;
  }

  private tellBeforeContext(bytes: Buffer, upTo: number): boolean {
    const { beforeContext } = this.options;
    if (beforeContext === 0 || this.lastVisited >= upTo) return true;
    let start = precedingLine(bytes, this.lastVisited, upTo, this.terminator, beforeContext - 1);
    while (start < upTo) {
      const stop = lineEnd(bytes, start, upTo, this.terminator);
      this.tellBreak(start);
      if (!this.tellContext(bytes, start, stop, "before")) return false;
      start = stop;
    }
    return true;
  }

  private tellAfterContext(bytes: Buffer, upTo: number): boolean {
    if (this.afterContextLeft === 0) return true;
    const limited = this.limitReached();
    let start = this.lastVisited;
    while (start < upTo) {
      const stop = lineEnd(bytes, start, upTo, this.terminator);
      if (limited && this.lineMatches(bytes, start, stop) !== this.options.invertMatch) {
        // After the limit, a matching line is still shown as a match, but it counts as context.
        const left = this.afterContextLeft;
        this.position = stop;
        if (!this.tellMatch(bytes, start, stop)) return false;
        this.afterContextLeft = left - 1;
      } else if (!this.tellContext(bytes, start, stop, "after")) return false;
      if (this.afterContextLeft === 0) break;
      start = stop;
    }
    return true;
  }

  private tellMatch(bytes: Buffer, start: number, end: number): boolean {
    if (this.binary !== "none" && this.detectBinary(bytes, start, end)) return false;
    this.tellBreak(start);
    if (!this.sink.matched(this.describe(bytes, start, end))) return false;
    this.lastVisited = end;
    this.afterContextLeft = this.options.afterContext;
    this.hasSunk = true;
    return true;
  }

  private tellContext(bytes: Buffer, start: number, end: number, kind: ContextKind): boolean {
    if (this.binary !== "none" && this.detectBinary(bytes, start, end)) return false;
    if (!this.sink.context(this.describe(bytes, start, end), kind)) return false;
    this.lastVisited = end;
    if (kind === "after") this.afterContextLeft--;
    this.hasSunk = true;
    return true;
  }

  private tellBreak(start: number): void {
    if (this.hasContext && this.hasSunk && this.lastVisited < start) this.sink.contextBreak();
  }

  private describe(bytes: Buffer, start: number, end: number): Line {
    this.countLines(bytes, start);
    const { line } = this;
    line.start = start;
    line.end = end;
    line.offsetBytes = this.origin + start;
    line.number = this.lineNumber;
    return line;
  }

  private countLines(bytes: Buffer, upTo: number): void {
    if (this.lineNumber === 0 || this.lastCounted >= upTo) return;
    const from = this.lastCounted;
    this.lineNumber +=
      this.countLineFeeds !== undefined && upTo - from > SHORT_BYTES
        ? this.countLineFeeds(bytes, from, upTo)
        : countTerminators(bytes, from, upTo, this.terminator);
    this.lastCounted = upTo;
  }
}
