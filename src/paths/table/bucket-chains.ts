/**
 * The chains of buckets that contain the entries of a table.
 *
 *     bucket ──▶ overflow bucket ──▶ overflow bucket        slots are filled from the first on, without gaps
 *
 * The buckets grow by linear hashing: one bucket is split at a time. So a change takes only a few microseconds, however
 * large the table is. Invariant: an empty overflow bucket is on the free list.
 */
import type { TableChanges } from "./changes.ts";
import { bucketHash, bucketOf, hashName, tagHash } from "./hash.ts";
import { BLOCK_WORDS, regionRoom, tableFull } from "./shape.ts";
import { Table, TableHeader as H } from "./table.schema.ts";

const {
  BUCKET_WORDS,
  BUCKET_SLOTS,
  BUCKET_CHILD,
  BUCKET_RECORD,
  BUCKET_NEXT,
  VECTOR_WORDS,
  RECORD_PARENT,
  RECORD_LENGTH,
  RECORD_NAME,
} = Table;

/** Adds and removes the slots of entries. */
export class BucketChains {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #changes: TableChanges;

  constructor(words: Uint32Array, changes: TableChanges) {
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
    this.#changes = changes;
  }

  /**
   * Checks that there is room for an entry. An entry takes at most one overflow bucket. A split takes at most one more
   * than it frees.
   * @throws EW_PATHS_FULL
   */
  assertRoom(): void {
    const words = this.#words;
    const free = words[H.OVERFLOW_FREE];
    if (free !== 0 && words[words[H.OVERFLOW_AT] + (free - 1) * BUCKET_WORDS + BUCKET_NEXT] !== 0) return;
    if (regionRoom(words, "overflow") >= 2 * BUCKET_WORDS) return;
    throw tableFull(`${words[H.ENTRY_COUNT]} entries take all of its buckets`);
  }

  /** Adds an entry. Adds a bucket too if the buckets are full enough. @param hash of the entry's name */
  add(hash: number, parent: number, child: number, record: number): void {
    const words = this.#words;
    this.#insert(this.#bucketAt(hash, parent), this.#tag(hash, parent), child, record);
    words[H.ENTRY_COUNT]++;
    if (words[H.ENTRY_COUNT] * 256 > words[H.BUCKET_COUNT] * words[H.LOAD_SLOTS]) this.#split();
    this.#changes.touch(0, BLOCK_WORDS);
  }

  /** Removes the entry in a slot. @param hash of the entry's name */
  delete(hash: number, parent: number, slot: number): void {
    this.#take(this.#bucketAt(hash, parent), slot);
    this.#words[H.ENTRY_COUNT]--;
    this.#changes.touch(0, BLOCK_WORDS);
  }

  #tag(nameHash: number, parent: number): number {
    return (tagHash(nameHash, parent) & this.#words[H.HASH_MASK]) >>> 0;
  }

  /** Word index of the first bucket in an entry's chain. */
  #bucketAt(nameHash: number, parent: number): number {
    const hash = bucketHash(nameHash, parent) & this.#words[H.HASH_MASK];
    return this.#words[H.BUCKETS_AT] + bucketOf(this.#words, hash) * BUCKET_WORDS;
  }

  /** Fills the first empty slot of a chain. Extends the chain if there is none. */
  #insert(bucket: number, tag: number, child: number, record: number): void {
    const words = this.#words;
    for (let at = bucket; ;) {
      for (let slot = at; slot < at + BUCKET_SLOTS; slot++) {
        if (words[slot + BUCKET_CHILD] !== 0) continue;
        words[slot] = tag;
        words[slot + BUCKET_CHILD] = child;
        words[slot + BUCKET_RECORD] = record;
        this.#changes.touch(at, BUCKET_WORDS);
        return;
      }
      if (words[at + BUCKET_NEXT] === 0) {
        words[at + BUCKET_NEXT] = this.#allocate();
        this.#changes.touch(at, BUCKET_WORDS);
      }
      at = words[H.OVERFLOW_AT] + (words[at + BUCKET_NEXT] - 1) * BUCKET_WORDS;
    }
  }

  /** Empties a slot. The last entry of the chain moves into it. An overflow bucket that becomes empty is freed. */
  #take(bucket: number, slot: number): void {
    const words = this.#words;
    let before = -1;
    let at = bucket;
    while (words[at + BUCKET_NEXT] !== 0) {
      before = at;
      at = words[H.OVERFLOW_AT] + (words[at + BUCKET_NEXT] - 1) * BUCKET_WORDS;
    }
    let last = at + BUCKET_SLOTS - 1;
    while (words[last + BUCKET_CHILD] === 0) last--;
    for (const part of [0, BUCKET_CHILD, BUCKET_RECORD]) {
      words[slot + part] = words[last + part];
      words[last + part] = 0;
    }
    this.#changes.touch(slot & ~(BUCKET_WORDS - 1), BUCKET_WORDS);
    this.#changes.touch(at, BUCKET_WORDS);
    if (last !== at || before < 0) return;
    this.#release(words[before + BUCKET_NEXT]);
    words[before + BUCKET_NEXT] = 0;
    this.#changes.touch(before, BUCKET_WORDS);
  }

  /** Adds one bucket, and moves entries into it from the bucket that is split. */
  #split(): void {
    const words = this.#words;
    const count = words[H.BUCKET_COUNT];
    if (regionRoom(words, "buckets") < BUCKET_WORDS) return; // no room: chains grow instead
    if (count > words[H.BUCKET_MASK]) words[H.BUCKET_MASK] = words[H.BUCKET_MASK] * 2 + 1;
    const partner = (count & (words[H.BUCKET_MASK] >>> 1)) >>> 0;
    words[H.BUCKET_COUNT] = count + 1;
    const entries = this.#emptyChain(words[H.BUCKETS_AT] + partner * BUCKET_WORDS);
    this.#changes.touch(words[H.BUCKETS_AT] + count * BUCKET_WORDS, BUCKET_WORDS);
    for (let index = 0; index < entries.length; index += 3) {
      const record = words[H.NAMES_AT] + entries[index + 2] * VECTOR_WORDS;
      const name = (record + RECORD_NAME) * 4;
      const hash = hashName(words[H.HASH_SEED], this.#bytes, name, words[record + RECORD_LENGTH]);
      const bucket = this.#bucketAt(hash, words[record + RECORD_PARENT]);
      this.#insert(bucket, entries[index], entries[index + 1], entries[index + 2]);
    }
  }

  /** Empties a chain. @returns tag, child and record of each of its entries */
  #emptyChain(from: number): number[] {
    const words = this.#words;
    const entries: number[] = [];
    for (let at = from; ;) {
      for (let slot = at; slot < at + BUCKET_SLOTS && words[slot + BUCKET_CHILD] !== 0; slot++)
        entries.push(words[slot], words[slot + BUCKET_CHILD], words[slot + BUCKET_RECORD]);
      const next = words[at + BUCKET_NEXT];
      words.fill(0, at, at + BUCKET_WORDS);
      this.#changes.touch(at, BUCKET_WORDS);
      if (at !== from) this.#release((at - words[H.OVERFLOW_AT]) / BUCKET_WORDS + 1);
      if (next === 0) return entries;
      at = words[H.OVERFLOW_AT] + (next - 1) * BUCKET_WORDS;
    }
  }

  /** Takes an empty overflow bucket. @returns its number, from 1 on */
  #allocate(): number {
    const words = this.#words;
    const free = words[H.OVERFLOW_FREE];
    if (free !== 0) {
      const at = words[H.OVERFLOW_AT] + (free - 1) * BUCKET_WORDS;
      words[H.OVERFLOW_FREE] = words[at + BUCKET_NEXT];
      words[at + BUCKET_NEXT] = 0;
      return free;
    }
    return ++words[H.OVERFLOW_COUNT];
  }

  #release(number: number): void {
    const words = this.#words;
    const at = words[H.OVERFLOW_AT] + (number - 1) * BUCKET_WORDS;
    words[at + BUCKET_NEXT] = words[H.OVERFLOW_FREE];
    words[H.OVERFLOW_FREE] = number;
    this.#changes.touch(at, BUCKET_WORDS);
  }
}
