/** Damages of a path table: its inodes, targets, free lists and header. */
import { expect } from "vitest";
import { INODE_KIND, ROOT_INODE } from "../../src/paths/table/linux.ts";
import { recordVectors } from "../../src/paths/table/shape.ts";
import { Table, TableHeader as H } from "../../src/paths/table/table.schema.ts";
import { move } from "./table-edits.ts";
import type { Damage } from "./table-entry-damages.ts";
import type { Ground } from "./table-grounds.ts";

const { BUCKET_WORDS, BUCKET_CHILD, BUCKET_RECORD, BUCKET_NEXT, VECTOR_WORDS, KIND_BITS } = Table;

/** Damages of inodes, targets, free lists and the header. */
export const TREE_DAMAGES: readonly Damage[] = [
  [
    "a root with another parent",
    (words, g) => {
      words[g.at("inodes") + ROOT_INODE] = (g.inode("/src") << KIND_BITS) | INODE_KIND.directory;
    },
    /root/,
  ],
  [
    "directories that lie in each other",
    (words, g) => {
      move(words, g, "/src", "lib", "/src/lib/deep");
    },
    /lies in itself/,
  ],
  [
    "a directory whose parent does not name it",
    (words, g) => {
      words[g.inodeAt("/src/lib")] = (g.inode("/docs") << KIND_BITS) | INODE_KIND.directory;
    },
    /has an entry in/,
  ],
  [
    "a directory with two names",
    (words, g) => {
      words[g.slot("/src", "lib") + BUCKET_CHILD] = words[g.slot("/", "docs") + BUCKET_CHILD];
    },
    /has an entry in|two entries/,
  ],
  [
    "a directory in a file",
    (words, g) => {
      words[g.inodeAt("/src/lib")] = (g.inode("/src/main") << KIND_BITS) | INODE_KIND.directory;
    },
    /which is none/,
  ],
  [
    "an inode that nothing names",
    (words, g) => {
      words[g.at("inodes") + words[H.INODE_COUNT] - 1] = INODE_KIND.file;
      words[g.at("inodes") + words[H.INODE_COUNT]] = INODE_KIND.file;
      words[H.INODE_COUNT]++;
    },
    /no entry names/,
  ],
  [
    "a file with a payload",
    (words, g) => {
      words[g.inodeAt("/src/main")] += 4;
    },
    /inode \d+ is/,
  ],
  [
    "inode 0",
    (words, g) => {
      words[g.at("inodes")] = INODE_KIND.file;
    },
    /inode 0/,
  ],
  [
    "a target out of range",
    (words, g) => {
      words[g.inodeAt("/src/link")] = 0xffff_ffff;
    },
    /target lies at/,
  ],
  [
    "a target of 4 GiB",
    (words, g) => {
      words[target(words, g)] = 0xffff_ffff;
    },
    /4294967295 bytes/,
  ],
  [
    "a target with a NUL",
    (words, g) => {
      words[target(words, g) + 1] &= 0xff00_ffff;
    },
    /zeros in it/,
  ],
  [
    "a target that shares its text with a name",
    (words, g) => {
      words[g.inodeAt("/src/link")] =
        (words[g.slot("/docs", "one") + BUCKET_RECORD] << KIND_BITS) | INODE_KIND.symlink;
    },
    /something else|bytes|zeros/,
  ],
  [
    "a free record that is a live name",
    (words, g) => {
      words[H.FREE_LISTS + recordVectors(4)] = words[g.slot("/src", "main") + BUCKET_RECORD];
    },
    /something else/,
  ],
  [
    "a free list that loops",
    (words, g) => {
      const free = words[H.FREE_LISTS + 1];
      expect(free).toBeGreaterThan(0);
      words[g.at("names") + free * VECTOR_WORDS] = free;
    },
    /something else/,
  ],
  [
    "a free record out of range",
    (words) => {
      words[H.FREE_LISTS + 200] = 0x0fff_ffff;
    },
    /free record lies at/,
  ],
  [
    "a free record that leaves the text area",
    (words) => {
      words[H.FREE_LISTS + 257] = words[H.NAME_VECTORS] - 2;
    },
    /free record lies at/,
  ],
  [
    "a free bucket that is in use",
    (words, g) => {
      words[H.OVERFLOW_FREE] = words[g.chained() + BUCKET_NEXT];
    },
    /in use/,
  ],
  [
    "free buckets that loop",
    (words, g) => {
      const free = words[H.OVERFLOW_FREE];
      expect(free).toBeGreaterThan(0);
      words[g.at("overflow") + (free - 1) * BUCKET_WORDS + BUCKET_NEXT] = free;
    },
    /in use/,
  ],
  [
    "a free bucket out of range",
    (words) => {
      words[H.OVERFLOW_FREE] = 0x7fff_ffff;
    },
    /is free/,
  ],
  [
    "30 million entries",
    (words) => {
      words[H.ENTRY_COUNT] = 30_000_000;
    },
    /30000000 entries, and \d+ vectors/,
  ],
  [
    "no entries",
    (words) => {
      words[H.ENTRY_COUNT] = 0;
    },
    /entries, and says 0/,
  ],
  [
    "free vectors that are none",
    (words) => {
      words[H.FREE_VECTORS]++;
    },
    /vectors of names are free/,
  ],
  [
    "vectors that nobody has",
    (words) => {
      words[H.FREE_LISTS + 1] = 0;
      words[H.FREE_VECTORS] = [...Array(258).keys()].reduce(
        (sum, vectors) => sum + vectors * freeCount(words, vectors),
        0,
      );
    },
    /are free or in use/,
  ],
  [
    "another magic",
    (words) => {
      words[H.MAGIC]++;
    },
    /magic/,
  ],
  [
    "a hash of few bits",
    (words) => {
      words[H.HASH_MASK] = 1;
    },
    /hash/,
  ],
  [
    "a mask that does not fit the buckets",
    (words) => {
      words[H.BUCKET_MASK] = 0xffff_ffff;
    },
    /mask/,
  ],
  [
    "too few buckets",
    (words) => {
      words[H.BUCKET_COUNT] = 1;
    },
    /buckets/,
  ],
  [
    "no load",
    (words) => {
      words[H.LOAD_SLOTS] = 0;
    },
    /slots/,
  ],
];

function target(words: Uint32Array, ground: Ground): number {
  return ground.at("names") + (words[ground.inodeAt("/src/link")] >>> KIND_BITS) * VECTOR_WORDS;
}

function freeCount(words: Uint32Array, vectors: number): number {
  let count = 0;
  for (let free = words[H.FREE_LISTS + vectors]; free !== 0; count++)
    free = words[words[H.NAMES_AT] + free * VECTOR_WORDS];
  return count;
}
