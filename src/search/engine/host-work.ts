/**
 * The host's share of one search, cut into pieces in the order of rows.
 *
 *   plan "literals"  occurrences are hits; rows with a fold exception are searched whole
 *   plan "automaton" matches are hits; lines that the automaton left undecided are searched
 *   plan "lines"     lines that the program reported are searched
 *   plan "filter"    each line with an occurrence is searched; rows with a fold exception are searched whole
 *   plan "whole"     all rows are searched whole
 *   always           files too large for a segment are searched by streaming
 *
 * Invariants: Every row is in one piece. To plan a piece costs little, however many hits there are.
 */
import { NO_LINES, type RawHits } from "../backend/index.ts";
import type { Plan } from "../contracts.ts";
import {
  type FoundHits,
  type HitMeaning,
  NO_HITS,
  type RowContents,
  sliceHits,
  sliceLines,
  type VerifyTask,
} from "../verifier/index.ts";
import type { AskedPlan } from "./asked-plan.ts";
import type { EngineCorpus } from "./engine-corpus.ts";

/** A task has text of about this size. */
const TASK_BYTES = 1 << 20;
/** What a hit, a line and a row cost, in bytes of text that is searched. */
const HIT_BYTES = 16;
const LINE_BYTES = 128;
const ROW_BYTES = 64;
/** A row that is read from its file costs more than its bytes. */
const FILE_BYTES = 16 << 10;
/** A task does not reach over more hits that need no look. */
const NEAR_HITS = 4096;

/** Either hits that are as the backend gave them, or a task. */
export interface Piece {
  readonly hits: FoundHits | undefined;
  readonly task: VerifyTask | undefined;
  /** What it costs, in bytes of text that is searched. */
  readonly weightBytes: number;
}

const MEANINGS: Readonly<Record<Plan["kind"], HitMeaning>> = {
  literals: "occurrences",
  automaton: "matches",
  lines: "matches",
  filter: "candidates",
  whole: "matches",
  nothing: "matches",
};

/** Plans pieces, one after the other. See the head of this file. */
export class HostWork {
  readonly #contents: RowContents;
  readonly #raw: RawHits | undefined;
  readonly #meaning: HitMeaning;
  /** Each hit of the backend has to be looked at. */
  readonly #looksAtHits: boolean;
  /** Rows to be searched whole, ascending; undefined: all. */
  readonly #whole: Uint32Array | undefined;
  readonly #isCountOnly: boolean;
  #nextWhole = 0;
  #nextHit = 0;
  #nextLine = 0;

  /** @param isCountOnly hits that need no look are only counted */
  constructor(corpus: EngineCorpus, contents: RowContents, asked: AskedPlan, isCountOnly: boolean) {
    this.#isCountOnly = isCountOnly;
    this.#contents = contents;
    this.#raw = asked.hits();
    this.#meaning = MEANINGS[asked.plan.kind];
    const mayDrop = corpus.hasMarks || asked.prepared.mayOverlap;
    this.#looksAtHits =
      this.#meaning === "candidates" || (this.#meaning === "occurrences" && mayDrop && asked.isAsked);
    if (asked.plan.kind === "whole") return;
    this.#whole = Uint32Array.from(new Set([...asked.exceptions(), ...corpus.streamed])).sort();
  }

  /** The next piece; undefined when all was planned. */
  next(): Piece | undefined {
    const row = this.#nextRow();
    const raw = this.#raw;
    if (raw !== undefined && !this.#looksAtHits && this.#nextHit < raw.count) {
      const from = this.#nextHit;
      const end = row === Infinity ? raw.count : lowerBound(raw.file, from, row);
      if (end > from) {
        this.#nextHit = end;
        const hits = this.#isCountOnly ? { ...NO_HITS, count: end - from } : viewOf(raw, from, end);
        return { hits, task: undefined, weightBytes: 0 };
      }
    }
    return row === Infinity ? undefined : this.#task(row);
  }

  /** The next row that has to be looked at. */
  #nextRow(): number {
    const whole = this.#whole;
    if (whole === undefined) {
      return this.#nextWhole < this.#contents.rows.files.fileCount ? this.#nextWhole : Infinity;
    }
    return Math.min(
      whole[this.#nextWhole] ?? Infinity,
      (this.#looksAtHits ? this.#raw?.file[this.#nextHit] : undefined) ?? Infinity,
      this.#raw?.undecided.file[this.#nextLine] ?? Infinity,
    );
  }

  #task(first: number): Piece {
    const [wholeFrom, hitFrom, lineFrom] = [this.#nextWhole, this.#nextHit, this.#nextLine];
    let weightBytes = 0;
    for (let row = first; ;) {
      weightBytes += this.#pass(row);
      row = this.#nextRow();
      if (row === Infinity || weightBytes >= TASK_BYTES || this.#isFar(row)) break;
    }
    const whole = this.#whole?.slice(wholeFrom, this.#nextWhole) ?? rowsIn(wholeFrom, this.#nextWhole);
    const raw = this.#raw;
    if (raw === undefined) {
      const task = { whole, meaning: this.#meaning, hits: NO_HITS, lines: NO_LINES };
      return { hits: undefined, task, weightBytes };
    }
    const hits = hitFrom === this.#nextHit ? NO_HITS : sliceHits(locatedHits(raw), hitFrom, this.#nextHit);
    const lines = sliceLines(raw.undecided, lineFrom, this.#nextLine);
    return { hits: undefined, task: { whole, meaning: this.#meaning, hits, lines }, weightBytes };
  }

  /** Moves all cursors behind a row. @returns what the row costs */
  #pass(row: number): number {
    const contents = this.#contents;
    const raw = this.#raw;
    let weightBytes = ROW_BYTES + (contents.isInMemory ? 0 : FILE_BYTES);
    const isWhole = this.#whole === undefined || this.#whole[this.#nextWhole] === row;
    if (isWhole) {
      this.#nextWhole++;
      weightBytes += contents.sizeBytes(row);
    }
    if (raw === undefined) return weightBytes;
    const hitEnd = lowerBound(raw.file, this.#nextHit, row + 1);
    const lineEnd = lowerBound(raw.undecided.file, this.#nextLine, row + 1);
    const hitCount = hitEnd - this.#nextHit;
    const lineCount = this.#meaning === "candidates" ? hitCount : lineEnd - this.#nextLine;
    this.#nextHit = hitEnd;
    this.#nextLine = lineEnd;
    if (isWhole) return weightBytes;
    const isRead = lineCount > 0 && !contents.isInMemory;
    return (
      weightBytes +
      hitCount * HIT_BYTES +
      lineCount * LINE_BYTES +
      (isRead ? (contents.rows.length[row] as number) : 0)
    );
  }

  /** Are there many hits before a row that need no look? */
  #isFar(row: number): boolean {
    const file = this.#raw?.file;
    if (file === undefined || this.#looksAtHits) return false;
    return (file[this.#nextHit + NEAR_HITS] ?? Infinity) < row;
  }
}

/** A backend's hits with their lines and columns. */
const locatedHits = (raw: RawHits): FoundHits => {
  const { count, file, offset, length } = raw;
  return { count, file, offset, length, ...raw.locate() };
};

/** Hits [from, end) of a backend, where they are. */
function viewOf(raw: RawHits, from: number, end: number): FoundHits {
  const { file, line, column, offset, length } = locatedHits(raw);
  return {
    count: end - from,
    file: file.subarray(from, end),
    line: line.subarray(from, end),
    column: column.subarray(from, end),
    offset: offset.subarray(from, end),
    length: length.subarray(from, end),
  };
}

const rowsIn = (from: number, end: number): Uint32Array =>
  Uint32Array.from({ length: end - from }, (_, index) => from + index);

/** Index of the first entry from `from` on that is at least `value`. What is near is found soon. */
function lowerBound(sorted: Uint32Array, from: number, value: number): number {
  let step = 1;
  let low = from;
  while (low + step < sorted.length && (sorted[low + step] as number) < value) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, sorted.length);
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
