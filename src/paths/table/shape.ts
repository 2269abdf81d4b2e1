/**
 * The sizes of a path table: the vectors of its records, the begin of its regions, its capacity, and the check of a
 * header from outside.
 */
import { EverwarpError } from "../../base/index.ts";
import { Table, TableHeader as H } from "./table.schema.ts";

const { PAGE_WORDS, BUCKET_WORDS, BUCKET_SLOTS, VECTOR_WORDS, RECORD_NAME, TARGET_BYTES, VECTORS_MAX } =
  Table;
/** Buckets of an empty table. */
export const BUCKETS_MIN = 64;
/** Target number of filled slots in 256 buckets: 2.25 of 5 in each. Measured in docs/decisions/0003-path-table.md. */
export const LOAD_SLOTS = 576;
/** Average vectors of a name record, for the size of the names region. */
const RECORD_VECTORS_MEAN = 2.5;
const WORDS_MAX = 2 ** 30;
const INODES_MAX = 2 ** 30;
/** Regions are used, recorded and saved in blocks of this number of words. */
export const BLOCK_WORDS = 16;

/** The regions of the flat space, in order. */
export const REGIONS = ["header", "inodes", "buckets", "overflow", "names"] as const;
/** A region of the flat space. */
export type Region = (typeof REGIONS)[number];

/** Number of vectors in an entry's record. */
export function recordVectors(nameLength: number): number {
  return (RECORD_NAME + ((nameLength + 3) >> 2) + VECTOR_WORDS - 1) >> 2;
}

/** Number of vectors in a symlink's target. */
export function targetVectors(length: number): number {
  return (TARGET_BYTES + ((length + 3) >> 2) + VECTOR_WORDS - 1) >> 2;
}

interface Regions {
  readonly inodes: number;
  readonly buckets: number;
  readonly overflow: number;
  readonly names: number;
  readonly end: number;
}

/**
 * The begins of the regions in a table for `maxEntries` entries.
 * @throws EW_BAD_ARGUMENT for more entries than words can address
 */
export function regionsFor(maxEntries: number): Regions {
  const regions = placeRegions(maxEntries);
  if (regions.end > WORDS_MAX) {
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      `maxEntries is ${maxEntries}: its table takes ${Math.round(regions.end / 2 ** 18)} MiB, and 4096 is the most`,
      { remedy: `It must be at most ${ENTRIES_MAX}.` },
    );
  }
  return regions;
}

function placeRegions(maxEntries: number): Regions {
  const pages = (words: number): number => Math.ceil(words / PAGE_WORDS) * PAGE_WORDS;
  const inodes = H.WORDS;
  const buckets = pages(inodes + maxEntries + 2);
  const bucketCount = Math.ceil((maxEntries * 256) / LOAD_SLOTS) + BUCKETS_MIN;
  const overflow = buckets + pages(bucketCount * BUCKET_WORDS);
  const names = overflow + pages((bucketCount / 4 + 64) * BUCKET_WORDS);
  const end = names + pages((maxEntries * RECORD_VECTORS_MEAN + VECTORS_MAX) * VECTOR_WORDS);
  return { inodes, buckets, overflow, names, end };
}

/** The maximum of `maxEntries`. */
export const ENTRIES_MAX = greatestMaxEntries();

function greatestMaxEntries(): number {
  let fits = 1;
  for (let step = 2 ** 29; step >= 1; step /= 2) if (placeRegions(fits + step).end <= WORDS_MAX) fits += step;
  return fits;
}

/** The `maxEntries` of the smallest table that can hold the used words of a table with this header. */
export function entriesToHold(header: Uint32Array): number {
  const bucketsOf = (count: number): number => ((count - BUCKETS_MIN) * LOAD_SLOTS) / 256;
  return Math.ceil(
    Math.max(
      1,
      header[H.INODE_COUNT],
      bucketsOf(header[H.BUCKET_COUNT]),
      bucketsOf(4 * (header[H.OVERFLOW_COUNT] - 64)),
      (header[H.NAME_VECTORS] - VECTORS_MAX) / RECORD_VECTORS_MEAN,
    ),
  );
}

/** Number of used words in a region, by a table's header. */
export function usedWords(header: Uint32Array, region: Region): number {
  const blocks = (words: number): number => Math.ceil(words / BLOCK_WORDS) * BLOCK_WORDS;
  switch (region) {
    case "header":
      return H.WORDS;
    case "inodes":
      return blocks(header[H.INODE_COUNT]);
    case "buckets":
      return header[H.BUCKET_COUNT] * BUCKET_WORDS;
    case "overflow":
      return header[H.OVERFLOW_COUNT] * BUCKET_WORDS;
    case "names":
      return blocks(header[H.NAME_VECTORS] * VECTOR_WORDS);
  }
}

/** Begin of a region in the flat space, in words, by a table's header. */
export function regionAt(words: Uint32Array, region: Region): number {
  switch (region) {
    case "header":
      return 0;
    case "inodes":
      return words[H.INODES_AT];
    case "buckets":
      return words[H.BUCKETS_AT];
    case "overflow":
      return words[H.OVERFLOW_AT];
    case "names":
      return words[H.NAMES_AT];
  }
}

/** End of a region's reservation, in words, by a table's header. */
function regionEnd(words: Uint32Array, region: Region): number {
  switch (region) {
    case "header":
      return H.WORDS;
    case "inodes":
      return words[H.BUCKETS_AT];
    case "buckets":
      return words[H.OVERFLOW_AT];
    case "overflow":
      return words[H.NAMES_AT];
    case "names":
      return words[H.END_AT];
  }
}

/** Number of words by which a region can still grow, by a table's header. */
export function regionRoom(words: Uint32Array, region: Region): number {
  return regionEnd(words, region) - regionAt(words, region) - usedWords(words, region);
}

/** The error of a full table. @param why the reason */
export function tableFull(why: string): EverwarpError {
  return new EverwarpError("EW_PATHS_FULL", `the path table is full: ${why}`, {
    remedy: "Open the namespace with a larger maxEntries.",
  });
}

/**
 * Checks a header from outside: its numbers must be consistent. The old places of its regions do not matter. All hash
 * bits must be in use, because only tests use fewer.
 * @throws the error of `refuse`
 */
export function assertHeader(header: Uint32Array, refuse: (what: string) => never): void {
  if (header.length !== H.WORDS) refuse(`its header has ${header.length} words of ${H.WORDS}`);
  if (header[H.MAGIC] !== Table.MAGIC || header[H.VERSION] !== Table.VERSION)
    refuse(`magic ${header[H.MAGIC]}, version ${header[H.VERSION]}`);
  if (header[H.HASH_MASK] !== 0xffff_ffff) refuse(`its hash has the bits ${header[H.HASH_MASK]}`);
  const buckets = header[H.BUCKET_COUNT];
  const mask = header[H.BUCKET_MASK];
  // The smallest power of two that is at least the count, minus one.
  const isMask = mask === 2 ** Math.ceil(Math.log2(buckets)) - 1;
  if (buckets < BUCKETS_MIN || !isMask) refuse(`it has ${buckets} buckets, and their mask is ${mask}`);
  const load = header[H.LOAD_SLOTS];
  if (load < 1 || load > 256 * BUCKET_SLOTS) refuse(`${load} slots of 256 buckets are filled`);
  const inodes = header[H.INODE_COUNT];
  if (inodes < 2 || inodes > INODES_MAX) refuse(`it has ${inodes} inodes`);
  // Each entry has its own record. So the number of entries is limited by the size of the file.
  const entries = header[H.ENTRY_COUNT];
  if (entries >= header[H.NAME_VECTORS])
    refuse(`it has ${entries} entries, and ${header[H.NAME_VECTORS]} vectors of names`);
  if (header[H.NAME_VECTORS] < 1) refuse("it has no names");
  if (entriesToHold(header) > ENTRIES_MAX) refuse("it is larger than any table");
}
