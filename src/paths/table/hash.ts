/**
 * The hash of the path table, and the search for one entry. The tree, the host engine and the kernel
 * (kernels/lookup.comp) compute the same, word for word.
 *
 * These are plain functions on plain memory, for any thread that shares the words of the table.
 */
import { Table, TableHash, TableHeader } from "./table.schema.ts";

const { LENGTH, WORD, FINISH, PARENT, BUCKET, TAG, TAG_PARENT } = TableHash;
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
  CHAIN_MAX,
} = Table;

/** Hash of the name bytes[at … at + length), four bytes per round; the last word is padded with zeros. Unsigned. */
export function hashName(seed: number, bytes: Uint8Array, at: number, length: number): number {
  let hash = seed;
  const end = at + length;
  const whole = at + (length & ~3);
  for (; at < whole; at += 4) {
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    hash = Math.imul(hash ^ word, WORD);
    hash ^= hash >>> 15;
  }
  if (at < end) {
    let word = bytes[at];
    if (at + 1 < end) word |= bytes[at + 1] << 8;
    if (at + 2 < end) word |= bytes[at + 2] << 16;
    hash = Math.imul(hash ^ word, WORD);
    hash ^= hash >>> 15;
  }
  hash ^= Math.imul(length, LENGTH);
  hash = Math.imul(hash ^ (hash >>> 13), FINISH);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The hash that selects an entry's bucket, before it is reduced to the number of buckets. Unsigned. */
export function bucketHash(nameHash: number, parent: number): number {
  let hash = nameHash ^ Math.imul(parent, PARENT);
  hash = Math.imul(hash ^ (hash >>> 16), BUCKET);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** A second hash, which nearly always distinguishes the entries of a bucket. Unsigned. */
export function tagHash(nameHash: number, parent: number): number {
  const hash = Math.imul(nameHash, TAG) ^ Math.imul(parent, TAG_PARENT);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The bucket of a hash, by a table's header. */
export function bucketOf(words: Uint32Array, hash: number): number {
  const mask = words[TableHeader.BUCKET_MASK];
  const bucket = (hash & mask) >>> 0;
  return bucket < words[TableHeader.BUCKET_COUNT] ? bucket : (hash & (mask >>> 1)) >>> 0;
}

/**
 * Finds the entry of a directory with the name bytes[at … at + length).
 * @param words all words of the table
 * @returns its child word (inode × 4 + kind), or 0 if there is none
 */
export function findEntry(
  words: Uint32Array,
  parent: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): number {
  const slot = findSlot(words, parent, bytes, at, length);
  return slot < 0 ? 0 : words[slot + BUCKET_CHILD];
}

/** Word index of the tag in an entry's slot, or −1. */
export function findSlot(
  words: Uint32Array,
  parent: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): number {
  const hash = hashName(words[TableHeader.HASH_SEED], bytes, at, length);
  const mask = words[TableHeader.HASH_MASK];
  const tag = (tagHash(hash, parent) & mask) >>> 0;
  const names = words[TableHeader.NAMES_AT];
  let bucket =
    words[TableHeader.BUCKETS_AT] + bucketOf(words, bucketHash(hash, parent) & mask) * BUCKET_WORDS;
  for (let round = 0; round < CHAIN_MAX; round++) {
    for (let slot = bucket; slot < bucket + BUCKET_SLOTS; slot++) {
      if (words[slot + BUCKET_CHILD] === 0) return -1;
      if (words[slot] !== tag) continue;
      const record = names + words[slot + BUCKET_RECORD] * VECTOR_WORDS;
      if (words[record + RECORD_PARENT] !== parent || words[record + RECORD_LENGTH] !== length) continue;
      if (isNameAt(words, record + RECORD_NAME, bytes, at, length)) return slot;
    }
    const next = words[bucket + BUCKET_NEXT];
    if (next === 0) return -1;
    bucket = words[TableHeader.OVERFLOW_AT] + (next - 1) * BUCKET_WORDS;
  }
  return -1;
}

function isNameAt(words: Uint32Array, word: number, bytes: Uint8Array, at: number, length: number): boolean {
  const end = at + length;
  const whole = at + (length & ~3);
  for (; at < whole; at += 4, word++) {
    const value = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    if (words[word] !== value >>> 0) return false;
  }
  if (at === end) return true;
  let value = bytes[at];
  if (at + 1 < end) value |= bytes[at + 1] << 8;
  if (at + 2 < end) value |= bytes[at + 2] << 16;
  return words[word] === value >>> 0;
}
