/**
 * Turns the records that a kernel wrote, in no order, into hits sorted by file.
 *
 * A record is (offset in its segment, line feeds before it in the segment, byte column, tag); see scan.schema.ts.
 */
import { NO_LINES, hitLengths, type HitPlaces, type RawHits } from "../backend/index.ts";
import type { Literal } from "../contracts.ts";
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
export function entryAt(starts: Float64Array, position: number): number {
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
  readonly undecided = NO_LINES;
  readonly count: number;
  readonly truncated: boolean;
  readonly #batch: RecordBatch;
  readonly #map: FileMap;
  readonly #literals: readonly Literal[];
  #columns: HitColumns | undefined;
  #length: Uint32Array | undefined;

  /** @param literals what was searched for */
  constructor(batch: RecordBatch, map: FileMap, literals: readonly Literal[]) {
    this.count = batch.count;
    this.truncated = batch.truncated;
    this.#batch = batch;
    this.#map = map;
    this.#literals = literals;
  }

  get file(): Uint32Array {
    return this.#decoded().file;
  }

  get offset(): Uint32Array {
    return this.#decoded().offset;
  }

  get length(): Uint32Array {
    return (this.#length ??= hitLengths(this.literal, this.#literals));
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

/** Typed arrays up to so many entries live in the engine's own heap, which is much quicker than memory of their own. */
const HEAP_ENTRIES_MAX = 16;

function emptyColumns(count: number): HitColumns {
  if (count <= HEAP_ENTRIES_MAX) {
    const column = (): Uint32Array => new Uint32Array(count);
    return { file: column(), offset: column(), literal: column(), line: column(), column: column() };
  }
  const memory = new ArrayBuffer(5 * 4 * count);
  const column = (index: number): Uint32Array => new Uint32Array(memory, index * 4 * count, count);
  return { file: column(0), offset: column(1), literal: column(2), line: column(3), column: column(4) };
}

function decode(batch: RecordBatch, map: FileMap): HitColumns {
  const { count, words } = batch;
  const { file, offset, literal, line, column } = emptyColumns(count);
  const order = sortedOrder(batch);
  const runs: number[] = []; // where hits of another file begin
  let isSorted = true;
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
      isSorted &&= index === 0 || map.file[entry] > file[index - 1];
      runs.push(index);
    }
    file[index] = map.file[entry];
    offset[index] = position - start;
    literal[index] = batch.literal[order[index]];
    line[index] = words[at + 1] - map.firstRank[entry] + 1;
    column[index] = words[at + 2];
  }
  const columns = { file, offset, literal, line, column };
  return isSorted ? columns : sortedByFile(columns, runs);
}

/**
 * Files mostly lie in memory in their own order, but not always: brings the runs of hits of one file into the order
 * of the files.
 */
function sortedByFile(columns: HitColumns, runs: readonly number[]): HitColumns {
  const { file } = columns;
  const keys = new Float64Array(runs.length);
  for (let run = 0; run < runs.length; run++) keys[run] = file[runs[run]] * 2 ** 26 + run;
  keys.sort();
  const sorted = emptyColumns(file.length);
  let to = 0;
  for (let index = 0; index < keys.length; index++) {
    const run = keys[index] % 2 ** 26;
    const end = run + 1 < runs.length ? runs[run + 1] : file.length;
    for (let hit = runs[run]; hit < end; hit++, to++) {
      sorted.file[to] = file[hit];
      sorted.offset[to] = columns.offset[hit];
      sorted.literal[to] = columns.literal[hit];
      sorted.line[to] = columns.line[hit];
      sorted.column[to] = columns.column[hit];
    }
  }
  return sorted;
}

/**
 * Counts up to which the engine's own sort is faster than counting digits; twelve bits number a record in a sort key.
 */
const NATIVE_SORT_MAX = 2 ** 12;
const DIGIT_BITS = 11;

/** Indexes of the records, by segment, then offset; those at one place in the order of their literals, as they came. */
function sortedOrder({ words, count }: RecordBatch): Uint32Array {
  const order = new Uint32Array(count);
  if (count <= 1) return order;
  if (count <= NATIVE_SORT_MAX) {
    // 8 bits of segment, 32 of offset, 12 of index: exact in a double.
    const keys = new Float64Array(count);
    for (let index = 0, at = 0; index < count; index++, at += WORDS) {
      keys[index] = ((words[at + 3] & SEGMENT_MASK) * 2 ** 32 + words[at]) * NATIVE_SORT_MAX + index;
    }
    keys.sort();
    for (let index = 0; index < count; index++) order[index] = keys[index] % NATIVE_SORT_MAX;
    return order;
  }
  for (let index = 0; index < count; index++) order[index] = index;
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
