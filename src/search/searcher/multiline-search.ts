/**
 * Searches a whole text for matches that may have several lines, and tells a sink what to print.
 *
 * Lines that matches touch are told together where the next match begins on the line on which the last one ends, or on
 * the line behind it. So a match is told when the next one is known.
 */
import { lineEnd, lineStart, STREAM_BUFFER_BYTES, type BinaryMode } from "../content/index.ts";
import { LineTeller } from "./line-teller.ts";

/** Lines, as indexes. */
interface LineRange {
  readonly start: number;
  readonly end: number;
}

/** Finds the lines that matches of one file have, with their context. */
export class MultilineSearch extends LineTeller {
  private textEnd = 0;
  /** Lines that match and were not told yet. */
  private pending: LineRange | undefined;

  /** Searches bytes[start, …), which is a whole file. A byte-order mark lies before it. */
  search(bytes: Buffer, start: number, binary: BinaryMode): void {
    const end = bytes.length;
    this.begin(start, -start, binary);
    this.textEnd = end;
    this.pending = undefined;
    if (this.detectBinary(bytes, start, Math.min(end, start + STREAM_BUFFER_BYTES))) return;
    while (this.position < end) {
      if (!(this.options.invertMatch ? this.tellInverted(bytes) : this.tellNext(bytes))) return;
    }
    this.tellPending(bytes);
    if (this.options.passthru) this.tellOthers(bytes, end);
    else this.tellAfterContext(bytes, end);
  }

  /** Finds the next match. @returns false if the sink wants no more */
  private tellNext(bytes: Buffer): boolean {
    const match = this.nextMatch(bytes);
    if (match === undefined) {
      this.position = this.textEnd;
      return true;
    }
    this.advance(match);
    const lines = this.linesOf(bytes, match);
    const { pending } = this;
    if (pending !== undefined && pending.end >= lines.start) {
      this.pending = { start: pending.start, end: lines.end };
      return true;
    }
    this.pending = lines;
    return pending === undefined || (this.tellUpTo(bytes, pending.start) && this.tellLines(bytes, pending));
  }

  /** Tells the lines up to the next match. @returns false if the sink wants no more */
  private tellInverted(bytes: Buffer): boolean {
    const from = this.position;
    const match = this.nextMatch(bytes);
    let to = this.textEnd;
    if (match === undefined) this.position = to;
    else {
      const lines = this.linesOf(bytes, match);
      to = lines.start;
      this.advance(lines);
    }
    if (from >= to) return true;
    if (!this.tellUpTo(bytes, from)) return false;
    for (let start = from; start < to;) {
      const stop = lineEnd(bytes, start, to, this.terminator);
      if (!this.tellLines(bytes, { start, end: stop })) return false;
      start = stop;
    }
    return true;
  }

  /** The next match. What lies before the position is not seen, as in ripgrep. */
  private nextMatch(bytes: Buffer): LineRange | undefined {
    if (this.limitReached()) return undefined;
    const { matcher, position, textEnd } = this;
    if (!matcher.findInLine(bytes, position, textEnd, position)) return undefined;
    this.count++;
    return { start: matcher.matchStart, end: matcher.matchEnd };
  }

  private advance({ start, end }: LineRange): void {
    this.position = start === end && end < this.textEnd ? end + 1 : end;
  }

  /** The lines that a match touches. */
  private linesOf(bytes: Buffer, { start, end }: LineRange): LineRange {
    const first = lineStart(bytes, start, this.textStart, this.terminator);
    const isWhole = end > first && bytes[end - 1] === this.terminator;
    return { start: first, end: isWhole ? end : lineEnd(bytes, end, this.textEnd, this.terminator) };
  }

  private tellPending(bytes: Buffer): void {
    const { pending } = this;
    if (pending !== undefined && this.tellUpTo(bytes, pending.start)) this.tellLines(bytes, pending);
  }

  private tellLines(bytes: Buffer, { start, end }: LineRange): boolean {
    // A match behind the last terminator is in no line.
    return start < end && this.tellMatch(bytes, start, end);
  }

  /** Tells the lines before a match. @returns false if the sink wants no more */
  private tellUpTo(bytes: Buffer, start: number): boolean {
    if (this.options.passthru) return this.tellOthers(bytes, start);
    return this.tellAfterContext(bytes, start) && this.tellBeforeContext(bytes, start);
  }

  private tellOthers(bytes: Buffer, upTo: number): boolean {
    for (let start = this.lastVisited; start < upTo;) {
      const stop = lineEnd(bytes, start, upTo, this.terminator);
      if (!this.tellContext(bytes, start, stop, "other")) return false;
      start = stop;
    }
    return true;
  }
}
