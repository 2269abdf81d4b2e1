/** The sources of lines that may match: the matcher itself, or an engine that has already searched. */
import type { Matcher } from "../contracts.ts";

/** Gives places in lines that may match, in ascending order. */
export interface CandidateSource {
  /** The line of a candidate certainly matches. */
  readonly exact: boolean;
  /**
   * Index in [from, end) inside the next line that may match, or −1. `from` is at the start of a line and
   * never goes back.
   */
  next(bytes: Buffer, from: number, end: number): number;
}

/** Scans with the matcher. */
export class MatcherCandidates implements CandidateSource {
  readonly exact: boolean;
  private readonly matcher: Matcher;
  /** The candidate that `peek` found, or −1. It is not looked for twice. */
  private peeked = -1;

  constructor(matcher: Matcher) {
    this.matcher = matcher;
    this.exact = matcher.candidatesAreExact;
  }

  /** Like `next`, and remembers the answer until `forget`. */
  peek(bytes: Buffer, from: number, end: number): number {
    return (this.peeked = this.matcher.findCandidate(bytes, from, end));
  }

  /** Other bytes will follow, so the remembered answer is void. */
  forget(): void {
    this.peeked = -1;
  }

  next(bytes: Buffer, from: number, end: number): number {
    if (from <= this.peeked) return this.peeked < end ? this.peeked : -1;
    return this.matcher.findCandidate(bytes, from, end);
  }
}

/** Byte offsets in the file where an engine found something, in ascending order. */
export interface CandidateList {
  offsets: Float64Array | Uint32Array | readonly number[];
  /** First entry that belongs to this file. */
  from: number;
  /** Entry after the last one. */
  to: number;
  /** Every offset is in a line that matches, because the plan was exact. The lines are not checked again. */
  exact: boolean;
}

/** Gives the offsets of an engine. One object serves all files. */
export class ListedCandidates implements CandidateSource {
  exact = false;
  private list: CandidateList = { offsets: [], from: 0, to: 0, exact: false };
  private cursor = 0;

  /** Switches to another file's list. */
  use(list: CandidateList): void {
    this.list = list;
    this.exact = list.exact;
    this.cursor = list.from;
  }

  next(_bytes: Buffer, from: number, end: number): number {
    const { offsets, to } = this.list;
    while (this.cursor < to && (offsets[this.cursor] as number) < from) this.cursor++;
    if (this.cursor >= to) return -1;
    const offset = offsets[this.cursor] as number;
    return offset < end ? offset : -1;
  }
}
