/** Moves entries of a path table behind its back, into the right buckets. */
import { expect } from "vitest";
import { bucketHash, bucketOf, hashName, tagHash } from "../../src/paths/table/hash.ts";
import { INODE_KIND } from "../../src/paths/table/linux.ts";
import { recordVectors } from "../../src/paths/table/shape.ts";
import { Table, TableHeader as H } from "../../src/paths/table/table.schema.ts";
import { encode, type Ground } from "./table-grounds.ts";

const { BUCKET_WORDS, BUCKET_SLOTS, BUCKET_CHILD, BUCKET_RECORD, BUCKET_NEXT, VECTOR_WORDS, KIND_BITS } =
  Table;

/** Lets an entry be in another directory, in the right bucket: all is well but the tree. */
export function move(words: Uint32Array, ground: Ground, from: string, name: string, to: string): void {
  const slot = ground.slot(from, name);
  const entry = [0, BUCKET_CHILD, BUCKET_RECORD].map((part) => words[slot + part]);
  const record = ground.record(from, name);
  take(words, slot);
  const parent = ground.inode(to);
  words[record + Table.RECORD_PARENT] = parent;
  words[ground.at("inodes") + (entry[1] >>> KIND_BITS)] = (parent << KIND_BITS) | INODE_KIND.directory;
  put(words, parent, encode(name), entry[1], entry[2]);
}

/** The name of a file, once more, with a record of its own, in a bucket that has room for it. */
export function duplicate(words: Uint32Array, ground: Ground): void {
  const name = Array.from({ length: 400 }, (_, count) => String(count)).find(
    (each) => ground.tree.resolve(encode(`/docs/${each}`)) > 0 && hasRoom(words, ground.slot("/docs", each)),
  )!;
  const vector = words[H.NAME_VECTORS];
  const from = ground.record("/docs", name);
  const vectors = recordVectors(name.length);
  words.copyWithin(ground.at("names") + vector * VECTOR_WORDS, from, from + vectors * VECTOR_WORDS);
  words[H.NAME_VECTORS] += vectors;
  words[H.ENTRY_COUNT]++;
  put(words, ground.inode("/docs"), encode(name), words[ground.slot("/docs", name) + BUCKET_CHILD], vector);
}

function hasRoom(words: Uint32Array, slot: number): boolean {
  const bucket = slot - (slot % BUCKET_WORDS);
  return words[bucket + BUCKET_SLOTS - 1 + BUCKET_CHILD] === 0;
}

function take(words: Uint32Array, slot: number): void {
  const bucket = slot - (slot % BUCKET_WORDS);
  let last = bucket + BUCKET_SLOTS - 1;
  while (words[last + BUCKET_CHILD] === 0) last--;
  expect(words[bucket + BUCKET_NEXT]).toBe(0);
  for (const part of [0, BUCKET_CHILD, BUCKET_RECORD]) {
    words[slot + part] = words[last + part];
    words[last + part] = 0;
  }
}

function put(words: Uint32Array, parent: number, name: Uint8Array, child: number, record: number): void {
  const hash = hashName(words[H.HASH_SEED], name, 0, name.length);
  const bucket = words[H.BUCKETS_AT] + bucketOf(words, bucketHash(hash, parent)) * BUCKET_WORDS;
  let slot = bucket;
  while (words[slot + BUCKET_CHILD] !== 0) slot++;
  expect(slot).toBeLessThan(bucket + BUCKET_SLOTS);
  words[slot] = tagHash(hash, parent);
  words[slot + BUCKET_CHILD] = child;
  words[slot + BUCKET_RECORD] = record;
}
