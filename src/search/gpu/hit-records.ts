/**
 * Turns the records that a kernel wrote, in no order, into hits sorted by file.
 *
 * A record is (offset in its segment, line feeds before it in the segment, byte column, tag); see scan.schema.ts.
 */
import type { HitPlaces, RawHits } from "../backend.ts";
import { Record as HitRecord } from "./scan.schema.ts";

const { WORDS, SEGMENT_MASK } = HitRecord;

/** Where the files of a corpus lie on the device: entries sorted by segment, then start. */
export interface FileMap {
  /** Segment × 2³² + offset of the file's first byte. */
  readonly start: Float64Array;
  /** Index into the corpus's file table. */
  readonly file: Uint32Array;
  /** Line feeds before the file in its segment. */
  readonly firstRank: Uint32Array;
}

/** Records of one query: those of literal i stand together, in the order of the literals. */
export interface RecordBatch {
  /** `count` × 4 words. */
  readonly words: Uint32Array;
  readonly literal: Uint32Array;
  readonly count: number;
  readonly truncated: boolean;
}

/** Index of the last entry whose start is at or before `position`. */
function entryAt(starts: Float64Array, position: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The hits of a query, sorted by file, then offset, then literal. Decoded when first looked at. */
export class DeviceHits implements RawHits {
  readonly count: number;
  readonly truncated: boolean;
  readonly #batch: RecordBatch;
  readonly #map: FileMap;
  #columns: HitColumns | undefined;

  constructor(batch: RecordBatch, map: FileMap) {
    this.count = batch.count;
    this.truncated = batch.truncated;
    this.#batch = batch;
    this.#map = map;
  }

  get file(): Uint32Array {
    return this.#decoded().file;
  }

  get offset(): Uint32Array {
    return this.#decoded().offset;
  }

  get literal(): Uint32Array {
    return this.#decoded().literal;
  }

  locate(): HitPlaces {
    return this.#decoded();
  }

  #decoded(): HitColumns {
    this.#columns ??= decode(this.#batch, this.#map);
    return this.#columns;
  }
}

interface HitColumns extends HitPlaces {
  readonly file: Uint32Array;
  readonly offset: Uint32Array;
  readonly literal: Uint32Array;
}

function decode(batch: RecordBatch, map: FileMap): HitColumns {
  const { count, words } = batch;
  const memory = new ArrayBuffer(5 * 4 * count);
  const column = (index: number): Uint32Array => new Uint32Array(memory, index * 4 * count, count);
  const columns = {
    file: column(0),
    offset: column(1),
    literal: column(2),
    line: column(3),
    column: column(4),
  };
  const order = orderByFile(sortedOrder(batch), words, map);
  let entry = -1;
  let start = 1;
  let end = 0;
  for (let index = 0; index < count; index++) {
    const at = order[index] * WORDS;
    const position = (words[at + 3] & SEGMENT_MASK) * 2 ** 32 + words[at];
    if (position < start || position >= end) {
      entry = entryAt(map.start, position);
      start = map.start[entry];
      end = entry + 1 < map.start.length ? map.start[entry + 1] : Infinity;
    }
    columns.file[index] = map.file[entry];
    columns.offset[index] = position - start;
    columns.literal[index] = batch.literal[order[index]];
    columns.line[index] = words[at + 1] - map.firstRank[entry] + 1;
    columns.column[index] = words[at + 2];
  }
  return columns;
}

/** Files mostly lie in memory in their own order, but not always: brings the runs of hits of one file into the order of the files. */
function orderByFile(order: Uint32Array, words: Uint32Array, map: FileMap): Uint32Array {
  const runs: number[] = []; // file × 2²⁶ + number of the run
  const begins: number[] = [];
  let isSorted = true;
  let end = -1;
  let previous = -1;
  for (let index = 0; index < order.length; index++) {
    const at = order[index] * WORDS;
    const position = (words[at + 3] & SEGMENT_MASK) * 2 ** 32 + words[at];
    if (position < end) continue;
    const entry = entryAt(map.start, position);
    end = entry + 1 < map.start.length ? map.start[entry + 1] : Infinity;
    const file = map.file[entry];
    isSorted &&= file > previous;
    previous = file;
    runs.push(file * 2 ** 26 + begins.length);
    begins.push(index);
  }
  if (isSorted) return order;
  const sorted = new Uint32Array(order.length);
  let to = 0;
  for (const key of Float64Array.from(runs).sort()) {
    const run = key % 2 ** 26;
    const stop = run + 1 < begins.length ? begins[run + 1] : order.length;
    for (let index = begins[run]; index < stop; index++) sorted[to++] = order[index];
  }
  return sorted;
}

/** Counts up to which comparing is faster than counting digits. */
const COMPARE_MAX = 192;
const DIGIT_BITS = 11;

/** Indexes of the records, by segment, then offset; those at one place in the order of their literals, as they came. */
function sortedOrder({ words, count }: RecordBatch): Uint32Array {
  const order = new Uint32Array(count);
  for (let index = 0; index < count; index++) order[index] = index;
  if (count <= 1) return order;
  if (count <= COMPARE_MAX) return insertionSort(order, words);
  let offsetBits = 0;
  let segmentBits = 0;
  for (let at = 0; at < count * WORDS; at += WORDS) {
    offsetBits |= words[at];
    segmentBits |= words[at + 3] & SEGMENT_MASK;
  }
  let sorted = order;
  let spare = new Uint32Array(count);
  const pass = (word: number, shift: number, mask: number): void => {
    digitSort(sorted, spare, words, word, shift, mask);
    [sorted, spare] = [spare, sorted];
  };
  for (let shift = 0; shift < 32 && offsetBits >>> shift !== 0; shift += DIGIT_BITS)
    pass(0, shift, 2 ** DIGIT_BITS - 1);
  if (segmentBits !== 0) pass(3, 0, SEGMENT_MASK);
  return sorted;
}

function insertionSort(order: Uint32Array, words: Uint32Array): Uint32Array {
  for (let index = 1; index < order.length; index++) {
    const moved = order[index];
    const segment = words[moved * WORDS + 3] & SEGMENT_MASK;
    const offset = words[moved * WORDS];
    let to = index;
    for (; to > 0; to--) {
      const other = order[to - 1] * WORDS;
      const otherSegment = words[other + 3] & SEGMENT_MASK;
      if (otherSegment < segment || (otherSegment === segment && words[other] <= offset)) break;
      order[to] = order[to - 1];
    }
    order[to] = moved;
  }
  return order;
}

/** One pass of a least-significant-digit radix sort: stable. */
function digitSort(
  from: Uint32Array,
  to: Uint32Array,
  words: Uint32Array,
  word: number,
  shift: number,
  mask: number,
): void {
  const next = new Uint32Array(mask + 2);
  for (let index = 0; index < from.length; index++)
    next[((words[from[index] * WORDS + word] >>> shift) & mask) + 1]++;
  for (let digit = 0; digit < mask; digit++) next[digit + 1] += next[digit];
  for (let index = 0; index < from.length; index++) {
    const record = from[index];
    to[next[(words[record * WORDS + word] >>> shift) & mask]++] = record;
  }
}
