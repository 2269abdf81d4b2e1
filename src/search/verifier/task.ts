/**
 * A piece of what a backend left open: some rows of a placement, and what the backend knows of them.
 *
 * Types only. Everything here can be sent to another thread.
 */
import type { UndecidedLines } from "../backend/index.ts";
import type { HitList } from "../contracts.ts";
import type { FileStamp } from "../corpus/index.ts";

/** What a backend's hits are to a search. */
export type HitMeaning =
  /** The hits of the search, but for those in undecided lines. */
  | "matches"
  /** Occurrences of literals; of those that overlap the first is a hit. */
  | "occurrences"
  /** Occurrences of literals; only lines that have one can have a hit. */
  | "candidates";

/** Hits of a backend, sorted by row, then offset. All arrays have `count` entries. */
export interface FoundHits {
  readonly count: number;
  readonly file: Uint32Array;
  readonly line: Uint32Array;
  readonly column: Uint32Array;
  readonly offset: Uint32Array | Float64Array;
  readonly length: Uint32Array;
}

/** Rows to be searched. No row is in two tasks of one search, and tasks are in the order of rows. */
export interface VerifyTask {
  /** Rows to be searched whole, ascending, whatever is known of them. */
  readonly whole: Uint32Array;
  readonly meaning: HitMeaning;
  /** What the backend found in the rows of the task. */
  readonly hits: FoundHits;
  /** Lines of its rows to be searched. */
  readonly lines: UndecidedLines;
}

/** A row that was read again and had changed, with what it is now; undefined: gone. */
export type ChangedRow = readonly [row: number, stamp: FileStamp | undefined];

/** A row that could not be searched, and why. */
export type SkippedRow = readonly [row: number, reason: string];

/** What was found in the rows of a task. */
export interface TaskAnswer {
  readonly hits: HitList;
  readonly changed: readonly ChangedRow[];
  readonly skipped: readonly SkippedRow[];
}
