/**
 * Records of names and symlink targets: whole vectors of 16 bytes, with a free list for each length.
 *
 * Invariant: no record crosses a page, so a device may keep the pages in different places.
 */
import type { TableChanges } from "./changes.ts";
import { tableFull } from "./shape.ts";
import { Table, TableHeader as H } from "./table.schema.ts";

const { PAGE_WORDS, VECTOR_WORDS } = Table;
const PAGE_VECTORS = PAGE_WORDS / VECTOR_WORDS;

/** Allocates and frees vectors of the names region. */
export class NameRecords {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #changes: TableChanges;

  constructor(words: Uint32Array, changes: TableChanges) {
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
    this.#changes = changes;
  }

  /** Word index of a record. */
  at(vector: number): number {
    return this.#words[H.NAMES_AT] + vector * VECTOR_WORDS;
  }

  /** Allocates consecutive vectors. @returns the first of them @throws EW_PATHS_FULL */
  allocate(vectors: number): number {
    const words = this.#words;
    const head = H.FREE_LISTS + vectors;
    const free = words[head];
    if (free !== 0) {
      words[head] = words[this.at(free)];
      words[H.FREE_VECTORS] -= vectors;
      return free;
    }
    let begin = words[H.NAME_VECTORS];
    const left = PAGE_VECTORS - (begin % PAGE_VECTORS);
    const isCrossing = left < vectors;
    if (isCrossing) begin += left;
    if (this.at(begin + vectors) > words[H.END_AT])
      throw tableFull(`${words[H.ENTRY_COUNT]} entries take all of its room for names`);
    words[H.NAME_VECTORS] = begin + vectors;
    if (isCrossing) this.release(begin - left, left);
    return begin;
  }

  /** Frees vectors. */
  release(vector: number, vectors: number): void {
    const words = this.#words;
    const at = this.at(vector);
    words[at] = words[H.FREE_LISTS + vectors];
    words[H.FREE_LISTS + vectors] = vector;
    words[H.FREE_VECTORS] += vectors;
    this.#changes.touch(at, 1);
  }

  /** Writes bytes[at … at + length) to words from `word` on, with zeros up to `wordCount` words. */
  write(word: number, bytes: Uint8Array, at: number, length: number, wordCount: number): void {
    const to = word * 4;
    for (let index = 0; index < length; index++) this.#bytes[to + index] = bytes[at + index];
    this.#bytes.fill(0, to + length, to + wordCount * 4);
  }
}
