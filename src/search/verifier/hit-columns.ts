/** Hits in columns that grow: what a thread finds by itself. */
import type { UndecidedLines } from "../backend/index.ts";
import type { HitList } from "../contracts.ts";
import type { FoundHits } from "./task.ts";

const FIRST_CAPACITY = 64;
/** Of all columns together. */
const HIT_BYTES = 24;

/** The hits of nothing. */
export const NO_HITS: HitList = columnsFor(0);

/** Columns for so many hits, all zero, in one piece of memory. */
export function columnsFor(count: number): HitList {
  const memory = new ArrayBuffer(HIT_BYTES * count);
  const words = (column: number): Uint32Array => new Uint32Array(memory, 4 * count * column, count);
  return {
    count,
    offset: new Float64Array(memory, 0, count),
    file: words(2),
    line: words(3),
    column: words(4),
    length: words(5),
  };
}

/** Copies hits. @param from hits [fromIndex, fromEnd) of these */
export function copyHits(
  to: HitList,
  at: number,
  from: Omit<HitList, "offset"> & { readonly offset: Uint32Array | Float64Array },
  fromIndex: number,
  fromEnd: number,
): void {
  to.file.set(from.file.subarray(fromIndex, fromEnd), at);
  to.line.set(from.line.subarray(fromIndex, fromEnd), at);
  to.column.set(from.column.subarray(fromIndex, fromEnd), at);
  to.offset.set(from.offset.subarray(fromIndex, fromEnd), at);
  to.length.set(from.length.subarray(fromIndex, fromEnd), at);
}

/** Hits [from, end), copied so that they can be sent: of a view, all of its memory would be sent. */
export function sliceHits(hits: FoundHits, from: number, end: number): FoundHits {
  return {
    count: end - from,
    file: hits.file.slice(from, end),
    line: hits.line.slice(from, end),
    column: hits.column.slice(from, end),
    offset: hits.offset.slice(from, end),
    length: hits.length.slice(from, end),
  };
}

/** Undecided lines [from, end), copied so that they can be sent. */
export function sliceLines(lines: UndecidedLines, from: number, end: number): UndecidedLines {
  return {
    count: end - from,
    file: lines.file.slice(from, end),
    line: lines.line.slice(from, end),
    offset: lines.offset.slice(from, end),
  };
}

/** Takes hits in the order of files and offsets. */
export interface HitSink {
  readonly count: number;
  add(file: number, line: number, column: number, offset: number, length: number): void;
  /** Keeps the first `count` hits, and drops the others. */
  shrink(count: number): void;
  /** Removes the first `count` hits. @returns them */
  take(count: number): HitList;
}

/** Keeps hits. */
export class HitColumns implements HitSink {
  count = 0;
  #columns = columnsFor(FIRST_CAPACITY);

  add(file: number, line: number, column: number, offset: number, length: number): void {
    if (this.count === this.#columns.count) this.#grow();
    const at = this.count++;
    const columns = this.#columns;
    columns.file[at] = file;
    columns.line[at] = line;
    columns.column[at] = column;
    columns.offset[at] = offset;
    columns.length[at] = length;
  }

  shrink(count: number): void {
    this.count = count;
  }

  take(count: number): HitList {
    if (count === 0) return NO_HITS;
    const taken = columnsFor(count);
    copyHits(taken, 0, this.#columns, 0, count);
    const left = columnsFor(Math.max(FIRST_CAPACITY, this.count - count));
    copyHits(left, 0, this.#columns, count, this.count);
    this.#columns = left;
    this.count -= count;
    return taken;
  }

  #grow(): void {
    const larger = columnsFor(2 * this.count);
    copyHits(larger, 0, this.#columns, 0, this.count);
    this.#columns = larger;
  }
}

/** Counts hits. Its lists have a count, but empty columns. */
export class HitCounter implements HitSink {
  count = 0;

  add(): void {
    this.count++;
  }

  shrink(count: number): void {
    this.count = count;
  }

  take(count: number): HitList {
    this.count -= count;
    return { ...NO_HITS, count };
  }
}
