// Written by scripts/gen-glsl.ts from the schema in src; do not edit.
// The path table and the requests of the lookup kernel.

// The path table's layout, in words.
// EWP1
const uint TABLE_MAGIC = 827348805u;
const uint TABLE_VERSION = 1u;
// Size of a page. No bucket and no record crosses a multiple of it.
const uint TABLE_PAGE_WORDS = 131072u;
const uint TABLE_PAGE_BITS = 17u;
const uint TABLE_BUCKET_WORDS = 16u;
const uint TABLE_BUCKET_SLOTS = 5u;
// Begin of the children in a bucket.
const uint TABLE_BUCKET_CHILD = 5u;
const uint TABLE_BUCKET_RECORD = 10u;
const uint TABLE_BUCKET_NEXT = 15u;
const uint TABLE_VECTOR_WORDS = 4u;
const uint TABLE_RECORD_PARENT = 0u;
const uint TABLE_RECORD_LENGTH = 1u;
const uint TABLE_RECORD_NAME = 2u;
const uint TABLE_TARGET_LENGTH = 0u;
const uint TABLE_TARGET_BYTES = 1u;
// Low bits of a child or an inode word that hold the kind (INODE_KIND).
const uint TABLE_KIND_BITS = 2u;
const uint TABLE_KIND_MASK = 3u;
// Vectors of the longest record, a target of 4095 bytes.
const uint TABLE_VECTORS_MAX = 257u;
// Maximum buckets that a walk along a chain reads: a limit for damaged tables.
const uint TABLE_CHAIN_MAX = 1048576u;

// Words of the table's header, by index.
const uint HEADER_MAGIC = 0u;
const uint HEADER_VERSION = 1u;
const uint HEADER_HASH_SEED = 2u;
// Bits of both hashes that are used. Tests use fewer than all, to force collisions.
const uint HEADER_HASH_MASK = 3u;
const uint HEADER_BUCKET_COUNT = 4u;
// The smallest power of two that is at least the count, minus one.
const uint HEADER_BUCKET_MASK = 5u;
const uint HEADER_ENTRY_COUNT = 6u;
// Begin of each region in the flat space, in words. END_AT: end of the last one.
const uint HEADER_INODES_AT = 7u;
const uint HEADER_BUCKETS_AT = 8u;
const uint HEADER_OVERFLOW_AT = 9u;
const uint HEADER_NAMES_AT = 10u;
const uint HEADER_END_AT = 11u;
// Number of inode words in use: the highest inode ever set, plus one.
const uint HEADER_INODE_COUNT = 12u;
// Number of overflow buckets ever used. OVERFLOW_FREE: the first free one, from 1; its NEXT is the next.
const uint HEADER_OVERFLOW_COUNT = 13u;
const uint HEADER_OVERFLOW_FREE = 14u;
// Number of vectors ever used in the names section; vector 0 means none. FREE_VECTORS: how many are free.
const uint HEADER_NAME_VECTORS = 15u;
const uint HEADER_FREE_VECTORS = 16u;
// Average number of filled slots in 256 buckets at which a bucket is added.
const uint HEADER_LOAD_SLOTS = 17u;
// Increased with every change, which invalidates everything remembered about the table.
const uint HEADER_CHANGES = 18u;
// The first free record of 1 … VECTORS_MAX vectors; its word 0 is the next. Word FREE_LISTS itself is unused.
const uint HEADER_FREE_LISTS = 32u;
const uint HEADER_WORDS = 512u;

// The hash of a name, and the two hashes of an entry. src/paths/table/hash.ts defines them.
const uint HASH_LENGTH = 2654435761u;
const uint HASH_WORD = 2246822519u;
const uint HASH_FINISH = 3266489917u;
const uint HASH_PARENT = 668265263u;
const uint HASH_BUCKET = 2246822507u;
const uint HASH_TAG = 3432918353u;
const uint HASH_TAG_PARENT = 374761393u;

// Payload words of a request to the lookup kernel, by index; then the bits of OPERATION.
const uint PATHS_OPERATION = 0u;
// number of paths to look up, or of runs to write
const uint PATHS_COUNT = 1u;
// address of the paths' bytes, a multiple of 16; low word and high word
const uint PATHS_BYTES = 2u;
// address of the count + 1 offsets, or of a write's runs
const uint PATHS_OFFSETS = 4u;
// the offset that stands for BYTES
const uint PATHS_OFFSETS_BASE = 6u;
// place of the first result in the output ring, in units of RESULT_BYTES
const uint PATHS_RESULTS_AT = 7u;
// the inode where relative paths begin
const uint PATHS_DIRECTORY = 8u;
// changes with every write to the table, so that the kernel reads its header again
const uint PATHS_GENERATION = 9u;
// number of pages that the kernel must know
const uint PATHS_PAGES = 10u;
// number of bytes from BYTES on that paths may use; for an inline path, its length
const uint PATHS_TEXT_BYTES = 11u;
// begin of the bytes of an inline path, behind the header
const uint PATHS_INLINE = 12u;
// a bit of OPERATION, like the next three
const uint PATHS_LOOKUP = 1u;
const uint PATHS_FOLLOW = 2u;
// a run is (first word of the flat space, first vector from BYTES on, number of vectors, 0); it crosses no page
const uint PATHS_WRITE = 4u;
// the path is in the request, and its result comes with the completion; the first workgroup resolves it
const uint PATHS_IS_INLINE = 8u;
// the first workgroup answers an inline request without waiting for the others
const uint PATHS_IS_ALONE = 16u;
const uint PATHS_INLINE_BYTES_MAX = 192u;
const uint PATHS_PAGES_MAX = 4096u;
// low bits of a page's address that are zero; the other bits fit a word
const uint PATHS_PAGE_ADDRESS_BITS = 16u;
// a result: inode or -errno, and its seal with the request's number
const uint PATHS_RESULT_BYTES = 8u;
// the result of a path that takes more loop rounds than a driver with a limit allows; the host resolves it
const uint PATHS_UNRESOLVED = 2147483648u;
// the result of a path whose offsets are out of order or outside of the text
const uint PATHS_MISPLACED = 2147483649u;
// maximum loop rounds of one path under such a limit
const uint PATHS_ROUNDS_MAX = 1500u;
// most threads of a workgroup whose subgroups resolve paths together: they share memory
const uint PATHS_TOGETHER_THREADS_MAX = 512u;
// where in the page directory the address of the guesses is: two words; at GUESS_MASK, their number less one
const uint PATHS_GUESSES_ADDRESS = 4096u;
const uint PATHS_GUESS_MASK = 4098u;
