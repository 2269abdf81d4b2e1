/** Damages of a path table: its chains, entries and names. */
import { INODE_KIND, ROOT_INODE } from "../../src/paths/table/linux.ts";
import { Table, TableHeader as H } from "../../src/paths/table/table.schema.ts";
import { duplicate } from "./table-edits.ts";
import type { Ground } from "./table-grounds.ts";

const { BUCKET_WORDS, BUCKET_SLOTS, BUCKET_CHILD, BUCKET_RECORD, BUCKET_NEXT, VECTOR_WORDS, KIND_BITS } =
  Table;

/** What is damaged, how, and why the file is refused. */
export type Damage = readonly [
  what: string,
  damage: (words: Uint32Array, ground: Ground) => void,
  why: RegExp,
];
/** Damages of chains, entries and names. */
export const ENTRY_DAMAGES: readonly Damage[] = [
  [
    "a chain that leads back to itself",
    (words, g) => {
      const at = g.chained();
      const overflow = g.at("overflow") + (words[at + BUCKET_NEXT] - 1) * BUCKET_WORDS;
      words[overflow + BUCKET_NEXT] = words[at + BUCKET_NEXT];
    },
    /gap|two places/,
  ],
  [
    "two chains that lead into one bucket",
    (words, g) => {
      const next = words[g.chained() + BUCKET_NEXT];
      words[g.bucketWith(BUCKET_SLOTS) + BUCKET_NEXT] = next;
    },
    /two places|hash/,
  ],
  [
    "a chain that leads out of the region",
    (words, g) => {
      words[g.bucketWith(BUCKET_SLOTS) + BUCKET_NEXT] = 0x7fff_ffff;
    },
    /goes on in/,
  ],
  [
    "a chain that goes on behind a gap",
    (words, g) => {
      words[g.bucketWith(2) + BUCKET_NEXT] = words[H.OVERFLOW_FREE];
    },
    /gap/,
  ],
  [
    "a slot that is half empty",
    (words, g) => {
      words[g.bucketWith(2) + 3] = 1;
    },
    /neither empty nor filled/,
  ],
  [
    "an entry in the wrong bucket",
    (words, g) => {
      const from = g.bucketWith(1);
      const to = g.bucketWith(2) + 2;
      for (const part of [0, BUCKET_CHILD, BUCKET_RECORD]) {
        words[to + part] = words[from + part];
        words[from + part] = 0;
      }
    },
    /hash/,
  ],
  [
    "a wrong tag",
    (words, g) => {
      words[g.slot("/src", "main")]++;
    },
    /hash/,
  ],
  [
    "a name that was changed",
    (words, g) => {
      words[g.record("/src", "main") + Table.RECORD_NAME] ^= 1;
    },
    /hash/,
  ],
  [
    "an entry that names an inode out of range",
    (words, g) => {
      words[g.slot("/src", "main") + BUCKET_CHILD] = 0xffff_fffd;
    },
    /names inode/,
  ],
  [
    "an entry that names the root",
    (words, g) => {
      words[g.slot("/src", "lib") + BUCKET_CHILD] = (ROOT_INODE << KIND_BITS) | INODE_KIND.directory;
    },
    /names inode 1/,
  ],
  [
    "an entry of a kind that its inode is not",
    (words, g) => {
      words[g.slot("/src", "main") + BUCKET_CHILD] ^= 2;
    },
    /of kind 3/,
  ],
  [
    "an entry of no kind",
    (words, g) => {
      words[g.slot("/src", "main") + BUCKET_CHILD] &= ~3;
    },
    /of kind 0/,
  ],
  [
    "a record out of range",
    (words, g) => {
      words[g.slot("/src", "main") + BUCKET_RECORD] = 0x3fff_ffff;
    },
    /a record lies at/,
  ],
  [
    "two entries with one record",
    (words, g) => {
      words[g.slot("/src", "main") + BUCKET_RECORD] = words[g.slot("/src", "lib") + BUCKET_RECORD];
    },
    /hash|something else/,
  ],
  [
    "a parent that is a file",
    (words, g) => {
      words[g.record("/src", "main") + Table.RECORD_PARENT] = g.inode("/docs/one");
    },
    /no directory/,
  ],
  [
    "a parent out of range",
    (words, g) => {
      words[g.record("/src", "main") + Table.RECORD_PARENT] = 0xffff_ffff;
    },
    /no directory/,
  ],
  [
    "a name of no bytes",
    (words, g) => {
      words[g.record("/src", "main") + Table.RECORD_LENGTH] = 0;
    },
    /0 bytes/,
  ],
  [
    "a name of 4 GiB",
    (words, g) => {
      words[g.record("/src", "main") + Table.RECORD_LENGTH] = 0xffff_ffff;
    },
    /4294967295 bytes/,
  ],
  [
    "a name that leaves the text area",
    (words, g) => {
      const vector = words[H.NAME_VECTORS] - 1;
      words[g.slot("/src", "main") + BUCKET_RECORD] = vector;
      const record = g.at("names") + vector * VECTOR_WORDS;
      words[record] = g.inode("/src");
      words[record + 1] = 255;
    },
    /record lies at/,
  ],
  [
    "a name with something behind it",
    (words, g) => {
      words[g.record("/docs", "one") + Table.RECORD_NAME] |= 0xff00_0000;
    },
    /is none/,
  ],
  ["a name twice", (words, g) => duplicate(words, g), /twice/],
  [
    "a root that is a file",
    (words, g) => {
      words[g.at("inodes") + ROOT_INODE] = INODE_KIND.file;
    },
    /root|no directory|none/,
  ],
];
