// Written by scripts/gen-glsl.ts from the schema in src; do not edit.
// Requests, records and tables of the search kernels.
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

// Payload words of a request to find the matches of an automaton in every line, by index.
// index in the corpus table
const uint MATCH_REQUEST_CORPUS = 0u;
// first record that the request may write
const uint MATCH_REQUEST_RECORD_BASE = 1u;
// records that it may write
const uint MATCH_REQUEST_RECORD_CAPACITY = 2u;
// first tile of the corpus to look at
const uint MATCH_REQUEST_RANGE_BEGIN = 3u;
// tile behind the last
const uint MATCH_REQUEST_RANGE_END = 4u;
// number of the tables; others have another one, also where they lie at the same address later
const uint MATCH_REQUEST_TABLE = 5u;
// address of the tables, low word
const uint MATCH_REQUEST_TABLE_LOW = 6u;
// its high word
const uint MATCH_REQUEST_TABLE_HIGH = 7u;
// vectors of the tables that are copied to shared memory
const uint MATCH_REQUEST_TABLE_VECTORS = 8u;
// a line that goes on for so many blocks behind the chunk it starts in is left undecided
const uint MATCH_REQUEST_LINE_BLOCKS = 9u;
// steps that a thread may take for the lines of a chunk; the lines behind are left undecided
const uint MATCH_REQUEST_STEPS = 10u;
const uint MATCH_REQUEST_WORDS = 11u;

// Words of the tables of an automaton, and the states that have a meaning.
// 1: rows of the search table are indexed by bytes; 0: by columns
const uint MATCH_TABLE_IS_DIRECT = 0u;
// a word of text with one of these bits is not looked at by the search table
const uint MATCH_TABLE_SLOW_BITS = 1u;
// where the search table begins; its entries are where rows begin
const uint MATCH_TABLE_SEARCH = 2u;
// words of a row of it
const uint MATCH_TABLE_SEARCH_STRIDE = 3u;
// states that it has rows for, from 0
const uint MATCH_TABLE_SEARCH_STATES = 4u;
// where the hot rows of the forward table begin; an entry a word
const uint MATCH_TABLE_FORWARD = 5u;
// states that are hot, from 0
const uint MATCH_TABLE_FORWARD_STATES = 6u;
// the same of the reverse table
const uint MATCH_TABLE_REVERSE = 7u;
const uint MATCH_TABLE_REVERSE_STATES = 8u;
// columns of hot rows: the classes of ASCII, then the edge
const uint MATCH_TABLE_HOT_COLUMNS = 9u;
// columns of whole rows
const uint MATCH_TABLE_COLUMNS = 10u;
// where the whole forward table begins; two entries a word, not copied to shared memory
const uint MATCH_TABLE_COLD_FORWARD = 11u;
// the same of the reverse table
const uint MATCH_TABLE_COLD_REVERSE = 12u;
const uint MATCH_TABLE_CAN_BE_EMPTY = 13u;
const uint MATCH_TABLE_EDGE_COLUMN = 14u;
// four first states, by the context
const uint MATCH_TABLE_FORWARD_START = 16u;
// the same of the reverse table
const uint MATCH_TABLE_REVERSE_START = 20u;
// the column of each byte
const uint MATCH_TABLE_BYTES = 24u;
const uint MATCH_TABLE_HEADER_WORDS = 280u;
const uint MATCH_TABLE_DEAD = 0u;
// in the search table: a match, or a line that must be looked at for another reason
const uint MATCH_TABLE_QUIT = 1u;
// in the search table alone: a state that it has no row for
const uint MATCH_TABLE_LOST = 2u;
const uint MATCH_TABLE_FIRST_STATE = 3u;
const uint MATCH_TABLE_STATES_MAX = 32768u;
const uint MATCH_TABLE_STATE_MASK = 32767u;
// of an entry: the state tells of a match
const uint MATCH_TABLE_MATCH = 32768u;

// The third word of a match's record: column from 0, and from COLUMN_BITS on the length in bytes.
const uint MATCH_RECORD_COLUMN_BITS = 17u;
const uint MATCH_RECORD_COLUMN_MASK = 131071u;
const uint MATCH_RECORD_LENGTH_MAX = 32766u;
// in the place of a length: the line at this offset was not decided
const uint MATCH_RECORD_UNDECIDED = 32767u;

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

struct SegmentEntry { // 40 bytes
  // address of the bytes
  uint64_t data; // at 0
  // address of the newline index, blocks
  uint64_t blockRanks; // at 8
  // address of the newline index, groups
  uint64_t groupRanks; // at 16
  // number of its first tile in the corpus
  uint firstTile; // at 24
  uint tileCount; // at 28
  // number of its first tile in the corpus for the match kernel
  uint firstMatchTile; // at 32
  // blocks of the newline index that hold text
  uint blockCount; // at 36
};

struct CorpusEntry { // 16 bytes
  // address of its SegmentEntry table
  uint64_t segments; // at 0
  uint tileCount; // at 8
  uint matchTileCount; // at 12
};

// Push constants of newline_count and newline_spine.
struct IndexLaunch { // 48 bytes
  SegmentEntry segment; // at 0
  uint firstGroup; // at 40
  uint groupCount; // at 44
};

// Push constants of line_ranks.
struct RankLaunch { // 60 bytes
  SegmentEntry segment; // at 0
  uint64_t offsets; // at 40
  uint64_t ranks; // at 48
  uint offsetCount; // at 56
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
