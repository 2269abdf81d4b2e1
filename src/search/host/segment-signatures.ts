/**
 * Signatures of one segment of the host's arena, in shared memory. Threads make them after the load, when there is
 * nothing to search. Text without signatures is searched whole.
 *
 *   memory:  │ next word, words made │ made: a byte a word │ stripe 0 │ stripe 1 │ …
 *   stripe:  │ row 0: 16 words │ row 1: 16 words │ … │       so that a word's column is written within a small place
 *
 * Invariants: A word stands for 32 blocks of 2 KiB, from an address that is a multiple of 64 KiB. One thread makes a
 * word: it writes the column, then sets the word's byte. After that, the column never changes.
 */
import { EverwarpError } from "../../base/index.ts";
import type { LinearMemory } from "../../threads/index.ts";
import type { UnitColumns } from "../corpus/index.ts";
import { reserveSharedMemory } from "../scanner/index.ts";
import { SIGNATURE } from "../signature/index.ts";

const NEXT_WORD = 0;
const MADE_COUNT = 1;
const FLAGS_OFFSET = 64;
/** Words of a stripe: a row of it is a line of a processor's cache. A shorter corpus has one stripe of its length. */
const STRIPE_WORDS = 16;

/** The signatures of a segment as they are sent to threads. */
export interface SignatureMemory {
  readonly memory: LinearMemory;
  /** Address of the first block in the segment. */
  readonly begin: number;
  /** Address behind the last byte of text. */
  readonly end: number;
  readonly wordCount: number;
  /** `ALL_ROWS`, or less for tests. */
  readonly rowMask: number;
}

const alignedTo = (bytes: number, value: number): number => Math.ceil(value / bytes) * bytes;

/**
 * Makes room for the signatures of a corpus.
 * @returns one for each segment; undefined where the system has no room: the corpus is searched without
 */
export function allocateSignatures(
  units: UnitColumns,
  segmentCount: number,
  rowMask: number,
): SignatureMemory[] | undefined {
  const begins = Array.from({ length: segmentCount }, () => Infinity);
  const ends = Array.from({ length: segmentCount }, () => 0);
  for (let unit = 0; unit < units.count; unit++) {
    const segment = units.segment[unit]!;
    begins[segment] = Math.min(begins[segment]!, units.start[unit]!);
    ends[segment] = Math.max(ends[segment]!, units.end[unit]!);
  }
  try {
    return ends.map((end, segment) => {
      const first = Math.floor(Math.min(begins[segment]!, end) / SIGNATURE.WORD_BYTES);
      const wordCount = Math.ceil(end / SIGNATURE.WORD_BYTES) - first;
      const stripeWords = Math.min(STRIPE_WORDS, wordCount);
      const columns = stripeWords === 0 ? 0 : alignedTo(stripeWords, wordCount);
      const sizeBytes = rowsOffset(wordCount) + columns * SIGNATURE.ROWS * 4;
      return {
        memory: reserveSharedMemory(sizeBytes),
        begin: first * SIGNATURE.WORD_BYTES,
        end,
        wordCount,
        rowMask,
      };
    });
  } catch (error) {
    if (error instanceof EverwarpError && error.code === "EW_OUT_OF_HOST_MEMORY") return undefined;
    throw error;
  }
}

const rowsOffset = (wordCount: number): number => alignedTo(64, FLAGS_OFFSET + wordCount);

/** Views on the signatures of a segment; the same on all threads. */
export class SegmentSignatures {
  readonly begin: number;
  readonly end: number;
  readonly wordCount: number;
  readonly rowMask: number;
  /** Words of all rows: see `place` and `stride`. */
  readonly rows: Uint32Array;
  /** Words from a row to the next. */
  readonly stride: number;
  readonly #progress: Int32Array;
  readonly #made: Uint8Array;
  #isComplete = false;

  constructor({ memory, begin, end, wordCount, rowMask }: SignatureMemory) {
    this.begin = begin;
    this.end = end;
    this.wordCount = wordCount;
    this.rowMask = rowMask;
    this.stride = Math.max(1, Math.min(STRIPE_WORDS, wordCount));
    this.rows = new Uint32Array(memory.buffer, rowsOffset(wordCount));
    this.#progress = new Int32Array(memory.buffer, 0, 2);
    this.#made = new Uint8Array(memory.buffer, FLAGS_OFFSET, wordCount);
  }

  /** Is every word made? */
  get isComplete(): boolean {
    return (this.#isComplete ||= Atomics.load(this.#progress, MADE_COUNT) === this.wordCount);
  }

  /** Takes a word that nobody makes; −1: there is none left. */
  takeWord(): number {
    if (Atomics.load(this.#progress, NEXT_WORD) >= this.wordCount) return -1;
    const word = Atomics.add(this.#progress, NEXT_WORD, 1);
    return word < this.wordCount ? word : -1;
  }

  /** Index in `rows` of a word of row 0. */
  place(word: number): number {
    return (word - (word % this.stride)) * SIGNATURE.ROWS + (word % this.stride);
  }

  /** Keeps the column of a word that was taken. */
  put(word: number, column: Uint32Array): void {
    const { rows, stride } = this;
    let at = this.place(word);
    for (let row = 0; row < SIGNATURE.ROWS; row++, at += stride) rows[at] = column[row]!;
    Atomics.store(this.#made, word, 1);
    Atomics.add(this.#progress, MADE_COUNT, 1);
  }

  /** May the column of this word be read? */
  isMade(word: number): boolean {
    return this.isComplete || Atomics.load(this.#made, word) !== 0;
  }
}
