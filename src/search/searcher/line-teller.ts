/**
 * Tells a sink the lines of one file, in order and each at most once: matches, their context, and what is left out.
 *
 * The state of one file, as indexes into the memory that is being searched:
 *
 *     bufferStart      lastVisited   lastCounted        position          end
 *         │ seen, kept as    │ told to the   │ newlines      │ to be          │
 *         │ context          │ sink up to    │ counted up to │ searched       │
 *         ▼                  ▼ here          ▼ here          ▼                ▼
 *     ────┴──────────────────┴───────────────┴───────────────┴────────────────┴────
 *
 * Invariants: bufferStart ≤ lastVisited ≤ position ≤ end. `origin` + index is the offset in the file. One object serves
 * all files after a `begin`. Nothing is allocated between two lines.
 */
import type { Matcher } from "../contracts.ts";
import { countTerminators, lineEnd, precedingLine, textEnd, type BinaryMode } from "../content/index.ts";
import type { SearcherOptions } from "./options.ts";
import type { ContextKind, Line, Sink } from "./sink.ts";

/** Returns the number of line feeds in bytes[from, to). */
export type LineFeedCounter = (bytes: Uint8Array, from: number, to: number) => number;

/** The usual end of a line. */
export const LINE_FEED = 10;
/** In fewer bytes, a plain loop counts faster than a call. */
const SHORT_BYTES = 512;

/** What all searches of one file have in common. */
export abstract class LineTeller {
  /** Offset in the file of index 0. */
  origin = 0;
  /** Everything before this index was searched. */
  position = 0;
  /** Offset of the first NUL that was seen, or −1. */
  binaryOffset = -1;
  /** At most so many matches are told of a file, as -m counts them. */
  maxCount: number;
  /** How many were told of this file. */
  count = 0;

  protected readonly options: SearcherOptions;
  protected readonly matcher: Matcher;
  protected readonly terminator: number;
  protected readonly hasContext: boolean;
  /** Where the text begins that printers look at. */
  protected textStart = 0;
  protected bufferStart = 0;
  protected lastVisited = 0;
  protected afterContextLeft = 0;
  protected hasMatched = false;
  private readonly sink: Sink;
  private readonly countLineFeeds: LineFeedCounter | undefined;
  private readonly line: Line = {
    bytes: Buffer.alloc(0),
    start: 0,
    end: 0,
    textStart: 0,
    textEnd: 0,
    offsetBytes: 0,
    number: 0,
  };
  private binary: BinaryMode = "none";
  private lineNumber = 0;
  private lastCounted = 0;
  private hasSunk = false;

  /** @param countLineFeeds counts line feeds in bytes[from, to), faster than a loop */
  constructor(options: SearcherOptions, matcher: Matcher, sink: Sink, countLineFeeds?: LineFeedCounter) {
    this.countLineFeeds = options.lineTerminator === LINE_FEED ? countLineFeeds : undefined;
    this.options = options;
    this.maxCount = options.maxCount;
    this.matcher = matcher;
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
  protected begin(start: number, origin: number, binary: BinaryMode): void {
    this.origin = origin;
    this.position = start;
    this.textStart = start;
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
    this.textStart = keep;
    this.bufferStart = keep;
    this.lastCounted = keep;
    this.lastVisited = keep;
    this.position = end;
    return keep;
  }

  /** The memory was moved: index `by` is now index 0. */
  shift(by: number): void {
    this.origin += by;
    this.textStart = Math.max(0, this.textStart - by);
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

  protected limitReached(): boolean {
    return this.count >= this.maxCount;
  }

  protected lineMatches(bytes: Buffer, start: number, end: number): boolean {
    return this.matcher.findInLine(bytes, start, this.contentEnd(bytes, start, end), start);
  }

  /**
   * Whether ripgrep finds a match in a line that it searches by itself. With --crlf it takes "\r\n" away there, and
   * nothing else, so `^$` matches behind a "\n".
   */
  protected matchesByItself(bytes: Buffer, start: number, end: number): boolean {
    const stop = this.contentEnd(bytes, start, end);
    const isBareFeed = this.options.crlf && end - stop === 1;
    return this.matcher.findInLine(bytes, start, isBareFeed ? end : stop, start);
  }

  private contentEnd(bytes: Buffer, start: number, end: number): number {
    return textEnd(bytes, start, end, this.terminator, this.options.crlf);
  }

  protected tellBeforeContext(bytes: Buffer, upTo: number): boolean {
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

  protected tellAfterContext(bytes: Buffer, upTo: number): boolean {
    if (this.afterContextLeft === 0) return true;
    const limited = this.limitReached();
    let start = this.lastVisited;
    while (start < upTo) {
      const stop = lineEnd(bytes, start, upTo, this.terminator);
      if (limited && this.matchesByItself(bytes, start, stop) !== this.options.invertMatch) {
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

  protected tellMatch(bytes: Buffer, start: number, end: number): boolean {
    if (this.binary !== "none" && this.detectBinary(bytes, start, end)) return false;
    this.tellBreak(start);
    const line = this.describe(bytes, start, end);
    line.textStart = this.textStart;
    line.textEnd = bytes.length;
    if (!this.sink.matched(line)) return false;
    this.lastVisited = end;
    this.afterContextLeft = this.options.afterContext;
    this.hasSunk = true;
    return true;
  }

  protected tellContext(bytes: Buffer, start: number, end: number, kind: ContextKind): boolean {
    if (this.binary !== "none" && this.detectBinary(bytes, start, end)) return false;
    const line = this.describe(bytes, start, end);
    line.textStart = start;
    line.textEnd = end;
    if (!this.sink.context(line, kind)) return false;
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
    line.bytes = bytes;
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
