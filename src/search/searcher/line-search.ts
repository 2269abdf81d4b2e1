/** Searches one piece of memory after another, line by line, and tells a sink what to print. */
import type { Matcher } from "../contracts.ts";
import type { CandidateSource } from "./candidates.ts";
import { lineEnd, lineStart, type BinaryMode } from "../content/index.ts";
import { LINE_FEED, type LineFeedCounter, LineTeller } from "./line-teller.ts";
import type { SearcherOptions } from "./options.ts";
import type { Sink } from "./sink.ts";

/** Finds the lines of one file that match, with their context. */
export class LineSearch extends LineTeller {
  private candidates: CandidateSource;

  /** @param countLineFeeds counts line feeds in bytes[from, to), faster than a loop */
  constructor(
    options: SearcherOptions,
    matcher: Matcher,
    candidates: CandidateSource,
    sink: Sink,
    countLineFeeds?: LineFeedCounter,
  ) {
    super(options, matcher, sink, countLineFeeds);
    this.candidates = candidates;
  }

  /** Begins a file, see `begin`. */
  reset(candidates: CandidateSource, start: number, origin: number, binary: BinaryMode): void {
    this.candidates = candidates;
    this.begin(start, origin, binary);
  }

  /** Searches from `position` to `end`. @returns false if the rest of the file need not be searched */
  search(bytes: Buffer, end: number): boolean {
    return this.linesAreAlone ? this.searchEveryLine(bytes, end) : this.searchCandidates(bytes, end);
  }

  /** Does ripgrep search each line by itself, and can that be seen? */
  private get linesAreAlone(): boolean {
    const { passthru, stopOnNonmatch, crlf } = this.options;
    if (passthru || (stopOnNonmatch && this.hasMatched)) return true;
    if (this.terminator !== LINE_FEED) return !this.matcher.candidatesAreExact;
    return this.matcher.seesTextEnds === true && (crlf || stopOnNonmatch || this.maxCount !== Infinity);
  }

  private searchEveryLine(bytes: Buffer, end: number): boolean {
    while (this.position < end) {
      const start = this.position;
      const stop = lineEnd(bytes, start, end, this.terminator);
      const limited = this.limitReached();
      if (limited && !this.options.passthru && this.afterContextLeft === 0) return false;
      const matched = !limited && this.matchesByItself(bytes, start, stop);
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
}
