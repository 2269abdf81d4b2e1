/**
 * The layout of the path table, for the tree, the host engine and the kernel: a hash table of directory entries, one
 * word per inode, and names.
 *
 *     one flat space of words; each section has its own region, which only grows
 *     ┌ header ┬ inodes ┬ buckets ┬ overflow ┬ names ┐
 *
 *     bucket, 16 words = 64 bytes     tag × 5 │ child × 5 │ record × 5 │ next
 *       tag      second hash of (parent, name). All words of an empty slot are 0. Slots are filled from the first on
 *       child    inode × 4 + kind
 *       record   the position of the entry's record in the names section, in vectors of 16 bytes
 *       next     number of the next overflow bucket in the chain, from 1; 0: none
 *     record, whole vectors           parent │ length │ name, then zeros          all of it must match
 *     target, whole vectors           length │ bytes, then zeros                  of a symlink
 *     inode, 1 word                   payload × 4 + kind     a directory's parent, or the vector of a symlink's target
 *
 * The buckets grow one at a time (linear hashing, W. Litwin, VLDB 1980). An entry belongs to bucket `hash & mask`, or
 * to `hash & (mask >> 1)` if the former is not below the count. So growth never moves more than one bucket. No record
 * crosses a multiple of PAGE_WORDS, so a device may keep the pages in different places.
 */
import { constants, glslModule } from "../../schema/index.ts";

/** The layout of the table, in words. */
export const Table = constants(
  "TABLE",
  {
    MAGIC: 0x3150_5745,
    VERSION: 1,
    PAGE_WORDS: 0x2_0000,
    PAGE_BITS: 17,
    BUCKET_WORDS: 16,
    BUCKET_SLOTS: 5,
    BUCKET_CHILD: 5,
    BUCKET_RECORD: 10,
    BUCKET_NEXT: 15,
    VECTOR_WORDS: 4,
    RECORD_PARENT: 0,
    RECORD_LENGTH: 1,
    RECORD_NAME: 2,
    TARGET_LENGTH: 0,
    TARGET_BYTES: 1,
    KIND_BITS: 2,
    KIND_MASK: 3,
    VECTORS_MAX: 257,
    CHAIN_MAX: 0x10_0000,
  },
  {
    doc: "The path table's layout, in words.",
    docs: {
      MAGIC: "EWP1",
      PAGE_WORDS: "Size of a page. No bucket and no record crosses a multiple of it.",
      BUCKET_CHILD: "Begin of the children in a bucket.",
      KIND_BITS: "Low bits of a child or an inode word that hold the kind (INODE_KIND).",
      VECTORS_MAX: "Vectors of the longest record, a target of 4095 bytes.",
      CHAIN_MAX: "Maximum buckets that a walk along a chain reads: a limit for damaged tables.",
    },
  },
);

/** Words of the header. */
export const TableHeader = constants(
  "HEADER",
  {
    MAGIC: 0,
    VERSION: 1,
    HASH_SEED: 2,
    HASH_MASK: 3,
    BUCKET_COUNT: 4,
    BUCKET_MASK: 5,
    ENTRY_COUNT: 6,
    INODES_AT: 7,
    BUCKETS_AT: 8,
    OVERFLOW_AT: 9,
    NAMES_AT: 10,
    END_AT: 11,
    INODE_COUNT: 12,
    OVERFLOW_COUNT: 13,
    OVERFLOW_FREE: 14,
    NAME_VECTORS: 15,
    FREE_VECTORS: 16,
    LOAD_SLOTS: 17,
    CHANGES: 18,
    FREE_LISTS: 32,
    WORDS: 512,
  },
  {
    doc: "Words of the table's header, by index.",
    docs: {
      HASH_MASK: "Bits of both hashes that are used. Tests use fewer than all, to force collisions.",
      BUCKET_MASK: "The smallest power of two that is at least the count, minus one.",
      INODES_AT: "Begin of each region in the flat space, in words. END_AT: end of the last one.",
      INODE_COUNT: "Number of inode words in use: the highest inode ever set, plus one.",
      OVERFLOW_COUNT:
        "Number of overflow buckets ever used. OVERFLOW_FREE: the first free one, from 1; its NEXT is the next.",
      NAME_VECTORS:
        "Number of vectors ever used in the names section; vector 0 means none. FREE_VECTORS: how many are free.",
      LOAD_SLOTS: "Average number of filled slots in 256 buckets at which a bucket is added.",
      CHANGES: "Increased with every change, which invalidates everything remembered about the table.",
      FREE_LISTS:
        "The first free record of 1 … VECTORS_MAX vectors; its word 0 is the next. Word FREE_LISTS itself is unused.",
    },
  },
);

/** Numbers of the hash: odd, with scattered bits (the primes of xxHash32 and the multipliers of MurmurHash3). */
export const TableHash = constants(
  "HASH",
  {
    LENGTH: 0x9e37_79b1,
    WORD: 0x85eb_ca77,
    FINISH: 0xc2b2_ae3d,
    PARENT: 0x27d4_eb2f,
    BUCKET: 0x85eb_ca6b,
    TAG: 0xcc9e_2d51,
    TAG_PARENT: 0x1656_67b1,
  },
  { doc: "The hash of a name, and the two hashes of an entry. src/paths/table/hash.ts defines them." },
);

/** Requests to the lookup kernel: payload words by index. */
export const PathRequest = constants(
  "PATHS",
  {
    OPERATION: 0,
    COUNT: 1,
    BYTES: 2,
    OFFSETS: 4,
    OFFSETS_BASE: 6,
    RESULTS_AT: 7,
    DIRECTORY: 8,
    GENERATION: 9,
    PAGES: 10,
    TEXT_BYTES: 11,
    INLINE: 12,
    LOOKUP: 1,
    FOLLOW: 2,
    WRITE: 4,
    IS_INLINE: 8,
    IS_ALONE: 16,
    INLINE_BYTES_MAX: 192,
    PAGES_MAX: 4096,
    PAGE_ADDRESS_BITS: 16,
    RESULT_BYTES: 8,
    UNRESOLVED: 0x8000_0000,
    MISPLACED: 0x8000_0001,
    ROUNDS_MAX: 1500,
    TOGETHER_THREADS_MAX: 512,
    GUESSES_ADDRESS: 4096,
    GUESS_MASK: 4098,
  },
  {
    doc: "Payload words of a request to the lookup kernel, by index; then the bits of OPERATION.",
    docs: {
      COUNT: "number of paths to look up, or of runs to write",
      BYTES: "address of the paths' bytes, a multiple of 16; low word and high word",
      OFFSETS: "address of the count + 1 offsets, or of a write's runs",
      OFFSETS_BASE: "the offset that stands for BYTES",
      TEXT_BYTES: "number of bytes from BYTES on that paths may use; for an inline path, its length",
      RESULTS_AT: "place of the first result in the output ring, in units of RESULT_BYTES",
      DIRECTORY: "the inode where relative paths begin",
      GENERATION: "changes with every write to the table, so that the kernel reads its header again",
      PAGES: "number of pages that the kernel must know",
      INLINE: "begin of the bytes of an inline path, behind the header",
      PAGE_ADDRESS_BITS: "low bits of a page's address that are zero; the other bits fit a word",
      LOOKUP: "a bit of OPERATION, like the next three",
      WRITE:
        "a run is (first word of the flat space, first vector from BYTES on, number of vectors, 0); it crosses no page",
      IS_INLINE:
        "the path is in the request, and its result comes with the completion; the first workgroup resolves it",
      IS_ALONE: "the first workgroup answers an inline request without waiting for the others",
      UNRESOLVED:
        "the result of a path that takes more loop rounds than a driver with a limit allows; the host resolves it",
      TOGETHER_THREADS_MAX:
        "most threads of a workgroup whose subgroups resolve paths together: they share memory",
      GUESSES_ADDRESS:
        "where in the page directory the address of the guesses is: two words; at GUESS_MASK, their number less one",
      MISPLACED: "the result of a path whose offsets are out of order or outside of the text",
      ROUNDS_MAX: "maximum loop rounds of one path under such a limit",
      RESULT_BYTES: "a result: inode or -errno, and its seal with the request's number",
    },
  },
);

/** The generated GLSL: glsl/generated/paths.glsl. */
export const glslModules = {
  "paths.glsl": glslModule({
    doc: "The path table and the requests of the lookup kernel.",
    parts: [Table, TableHeader, TableHash, PathRequest],
  }),
};
