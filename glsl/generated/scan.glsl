// Written by scripts/gen-glsl.ts from the schema in src; do not edit.
// Requests, records and corpus tables of the scan kernels.
// Needs: GL_EXT_shader_explicit_arithmetic_types_int64.

// What a request does with a corpus.
// finds every occurrence of a literal
const uint OPERATION_SCAN = 0u;

// Payload words of a request to scan, by index; and its limits.
// index in the corpus table
const uint REQUEST_CORPUS = 0u;
// bytes of the literal, IGNORE_CASE, SKIPS, and from OPERATION_SHIFT on the operation
const uint REQUEST_LENGTH = 1u;
// where in the literal its rarest pair of bytes is
const uint REQUEST_PAIR_OFFSET = 2u;
// first record that the request may write
const uint REQUEST_RECORD_BASE = 3u;
// records that it may write
const uint REQUEST_RECORD_CAPACITY = 4u;
// first tile of the corpus to look at; with SKIPS the low word of its SignatureTable's address
const uint REQUEST_RANGE_BEGIN = 5u;
// tile behind the last; with SKIPS the high word of that address
const uint REQUEST_RANGE_END = 6u;
const uint REQUEST_LITERAL = 7u;
const uint REQUEST_LITERAL_WORDS_IN_HEADER = 5u;
const uint REQUEST_LITERAL_BYTES_MAX = 208u;
const uint REQUEST_IGNORE_CASE = 65536u;
// blocks whose signatures lack the literal are passed over; the whole corpus is looked at
const uint REQUEST_SKIPS = 131072u;
const uint REQUEST_LENGTH_MASK = 65535u;
const uint REQUEST_OPERATION_SHIFT = 24u;

const uint RECORD_BYTES = 16u;
const uint RECORD_WORDS = 4u;
// low bits of a tag that hold the segment; above them the sequence number, cut off
const uint RECORD_SEGMENT_BITS = 8u;
const uint RECORD_SEGMENT_MASK = 255u;

// The newline index: ranks per block, relative to their group, and per group.
const uint NEWLINE_BLOCK_BYTES = 256u;
const uint NEWLINE_GROUP_BLOCKS = 256u;

// Signatures: a bit for each row and block of text. Row h has a word for every 32 blocks.
const uint SIGNATURE_BLOCK_BYTES = 2048u;
// bytes of text that a word of a row tells of
const uint SIGNATURE_WORD_BYTES = 65536u;
const uint SIGNATURE_ROWS = 2048u;
// trigrams that start so many bytes behind a block are in its signature, too
const uint SIGNATURE_OVERLAP_BYTES = 64u;
// a trigram's row: its product with this, shifted
const uint SIGNATURE_MULTIPLIER = 668265263u;
const uint SIGNATURE_SHIFT = 21u;

struct SegmentEntry { // 32 bytes
  // address of the bytes
  uint64_t data; // at 0
  // address of the newline index, blocks
  uint64_t blockRanks; // at 8
  // address of the newline index, groups
  uint64_t groupRanks; // at 16
  // number of its first tile in the corpus
  uint firstTile; // at 24
  uint tileCount; // at 28
};

struct CorpusEntry { // 16 bytes
  // address of its SegmentEntry table
  uint64_t segments; // at 0
  uint tileCount; // at 8
  uint reserved[1]; // at 12
};

// Push constants of newline_count and newline_spine.
struct IndexLaunch { // 40 bytes
  SegmentEntry segment; // at 0
  uint firstGroup; // at 32
  uint groupCount; // at 36
};

// Push constants of line_ranks.
struct RankLaunch { // 52 bytes
  SegmentEntry segment; // at 0
  uint64_t offsets; // at 32
  uint64_t ranks; // at 40
  uint offsetCount; // at 48
};

struct SignedSegment { // 24 bytes
  // address of the bytes
  uint64_t data; // at 0
  // address of the signatures: row h, word w at h * wordCount + w
  uint64_t rows; // at 8
  // number of its first word in the corpus
  uint firstWord; // at 16
  uint wordCount; // at 20
};

// Begins the table of a corpus's signatures; a SignedSegment for each segment follows.
struct SignatureHead { // 8 bytes
  uint segmentCount; // at 0
  uint wordCount; // at 4
};

// Push constants of signatures.
struct SignatureLaunch { // 40 bytes
  SignedSegment segment; // at 0
  // address of the sample: the words of all rows for one word of blocks, then those of the next
  uint64_t columns; // at 24
  // first word of the segment that this dispatch makes
  uint begin; // at 32
  // every word of the corpus whose number is a multiple of this is in the sample
  uint sampleStep; // at 36
};
