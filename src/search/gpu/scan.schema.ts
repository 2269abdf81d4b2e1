/** What the search kernels and their host share: requests, records, the corpus tables, the tables of automata. */
import { constants, doc, glslModule, struct, u32, u64 } from "../../schema/index.ts";
import { SIGNATURE } from "../signature/index.ts";

/** What a request does with a corpus. Requests carry it, so that a kernel can come to do more than one thing. */
export const Operation = constants(
  "OPERATION",
  { SCAN: 0 },
  {
    doc: "What a request does with a corpus.",
    docs: { SCAN: "finds every occurrence of a literal" },
  },
);

/** Payload words of a scan request; the literal follows from LITERAL on, through the rest of the slot. */
export const Request = constants(
  "REQUEST",
  {
    CORPUS: 0,
    LENGTH: 1,
    PAIR_OFFSET: 2,
    RECORD_BASE: 3,
    RECORD_CAPACITY: 4,
    RANGE_BEGIN: 5,
    RANGE_END: 6,
    LITERAL: 7,
    LITERAL_WORDS_IN_HEADER: 5,
    LITERAL_BYTES_MAX: 208,
    IGNORE_CASE: 0x1_0000,
    SKIPS: 0x2_0000,
    LENGTH_MASK: 0xffff,
    OPERATION_SHIFT: 24,
  },
  {
    doc: "Payload words of a request to scan, by index; and its limits.",
    docs: {
      CORPUS: "index in the corpus table",
      LENGTH: "bytes of the literal, IGNORE_CASE, SKIPS, and from OPERATION_SHIFT on the operation",
      PAIR_OFFSET: "where in the literal its rarest pair of bytes is",
      RECORD_BASE: "first record that the request may write",
      RECORD_CAPACITY: "records that it may write",
      RANGE_BEGIN:
        "first tile of the corpus to look at; with SKIPS the low word of its SignatureTable's address",
      RANGE_END: "tile behind the last; with SKIPS the high word of that address",
      SKIPS: "blocks whose signatures lack the literal are passed over; the whole corpus is looked at",
    },
  },
);

/** Payload words of a request to match. */
export const MatchRequest = constants(
  "MATCH_REQUEST",
  {
    CORPUS: 0,
    RECORD_BASE: 1,
    RECORD_CAPACITY: 2,
    RANGE_BEGIN: 3,
    RANGE_END: 4,
    TABLE: 5,
    TABLE_LOW: 6,
    TABLE_HIGH: 7,
    TABLE_VECTORS: 8,
    LINE_BLOCKS: 9,
    STEPS: 10,
    WORDS: 11,
  },
  {
    doc: "Payload words of a request to find the matches of an automaton in every line, by index.",
    docs: {
      CORPUS: "index in the corpus table",
      RECORD_BASE: "first record that the request may write",
      RECORD_CAPACITY: "records that it may write",
      RANGE_BEGIN: "first tile of the corpus to look at",
      RANGE_END: "tile behind the last",
      TABLE: "number of the tables; others have another one, also where they lie at the same address later",
      TABLE_LOW: "address of the tables, low word",
      TABLE_HIGH: "its high word",
      TABLE_VECTORS: "vectors of the tables that are copied to shared memory",
      LINE_BLOCKS: "a line that goes on for so many blocks behind the chunk it starts in is left undecided",
      STEPS: "steps that a thread may take for the lines of a chunk; the lines behind are left undecided",
    },
  },
);

/** Words of the tables of an automaton, by index. What is hot is copied to shared memory, with all of these words. */
export const MatchTable = constants(
  "MATCH_TABLE",
  {
    IS_DIRECT: 0,
    SLOW_BITS: 1,
    SEARCH: 2,
    SEARCH_STRIDE: 3,
    SEARCH_STATES: 4,
    FORWARD: 5,
    FORWARD_STATES: 6,
    REVERSE: 7,
    REVERSE_STATES: 8,
    HOT_COLUMNS: 9,
    COLUMNS: 10,
    COLD_FORWARD: 11,
    COLD_REVERSE: 12,
    CAN_BE_EMPTY: 13,
    EDGE_COLUMN: 14,
    FORWARD_START: 16,
    REVERSE_START: 20,
    BYTES: 24,
    HEADER_WORDS: 280,
    DEAD: 0,
    QUIT: 1,
    LOST: 2,
    FIRST_STATE: 3,
    STATES_MAX: 0x8000,
    STATE_MASK: 0x7fff,
    MATCH: 0x8000,
  },
  {
    doc: "Words of the tables of an automaton, and the states that have a meaning.",
    docs: {
      IS_DIRECT: "1: rows of the search table are indexed by bytes; 0: by columns",
      SLOW_BITS: "a word of text with one of these bits is not looked at by the search table",
      SEARCH: "where the search table begins; its entries are where rows begin",
      SEARCH_STRIDE: "words of a row of it",
      SEARCH_STATES: "states that it has rows for, from 0",
      FORWARD: "where the hot rows of the forward table begin; an entry a word",
      FORWARD_STATES: "states that are hot, from 0",
      REVERSE: "the same of the reverse table",
      HOT_COLUMNS: "columns of hot rows: the classes of ASCII, then the edge",
      COLUMNS: "columns of whole rows",
      COLD_FORWARD: "where the whole forward table begins; two entries a word, not copied to shared memory",
      COLD_REVERSE: "the same of the reverse table",
      FORWARD_START: "four first states, by the context",
      REVERSE_START: "the same of the reverse table",
      BYTES: "the column of each byte",
      QUIT: "in the search table: a match, or a line that must be looked at for another reason",
      LOST: "in the search table alone: a state that it has no row for",
      MATCH: "of an entry: the state tells of a match",
    },
  },
);

/** What the third word of a match's record holds. */
export const MatchRecord = constants(
  "MATCH_RECORD",
  { COLUMN_BITS: 17, COLUMN_MASK: 0x1_ffff, LENGTH_MAX: 0x7ffe, UNDECIDED: 0x7fff },
  {
    doc: "The third word of a match's record: column from 0, and from COLUMN_BITS on the length in bytes.",
    docs: { UNDECIDED: "in the place of a length: the line at this offset was not decided" },
  },
);

/** A record: offset in the segment, line feeds before it in the segment, byte column from 1; sealed with its tag. */
export const Record = constants(
  "RECORD",
  { BYTES: 16, WORDS: 4, SEGMENT_BITS: 8, SEGMENT_MASK: 0xff },
  {
    docs: {
      SEGMENT_BITS: "low bits of a tag that hold the segment; above them the sequence number, cut off",
    },
  },
);

/** Sizes of the newline index. */
export const Newline = constants(
  "NEWLINE",
  { BLOCK_BYTES: 256, GROUP_BLOCKS: 256 },
  { doc: "The newline index: ranks per block, relative to their group, and per group." },
);

/** A segment of a corpus, as kernels find it. */
export const SegmentEntry = struct(
  "SegmentEntry",
  {
    data: doc(u64, "address of the bytes"),
    blockRanks: doc(u64, "address of the newline index, blocks"),
    groupRanks: doc(u64, "address of the newline index, groups"),
    firstTile: doc(u32, "number of its first tile in the corpus"),
    tileCount: u32,
    firstMatchTile: doc(u32, "number of its first tile in the corpus for the match kernel"),
    blockCount: doc(u32, "blocks of the newline index that hold text"),
  },
  { rule: "scalar" },
);

/** A corpus, as kernels find it. */
export const CorpusEntry = struct(
  "CorpusEntry",
  { segments: doc(u64, "address of its SegmentEntry table"), tileCount: u32, matchTileCount: u32 },
  { rule: "scalar" },
);

/** What the kernels that make the newline index are launched with. */
export const IndexLaunch = struct(
  "IndexLaunch",
  { segment: SegmentEntry, firstGroup: u32, groupCount: u32 },
  { rule: "scalar", doc: "Push constants of newline_count and newline_spine." },
);

/** What the kernel that ranks lines is launched with. */
export const RankLaunch = struct(
  "RankLaunch",
  { segment: SegmentEntry, offsets: u64, ranks: u64, offsetCount: u32 },
  { rule: "scalar", doc: "Push constants of line_ranks." },
);

/** Sizes of signatures; see src/search/signature. */
export const Signature = constants("SIGNATURE", SIGNATURE, {
  doc: "Signatures: a bit for each row and block of text. Row h has a word for every 32 blocks.",
  docs: {
    WORD_BYTES: "bytes of text that a word of a row tells of",
    OVERLAP_BYTES: "trigrams that start so many bytes behind a block are in its signature, too",
    MULTIPLIER: "a trigram's row: its product with this, shifted",
  },
});

/** A segment of a corpus with its signatures, as the scan kernel finds it. */
export const SignedSegment = struct(
  "SignedSegment",
  {
    data: doc(u64, "address of the bytes"),
    rows: doc(u64, "address of the signatures: row h, word w at h * wordCount + w"),
    firstWord: doc(u32, "number of its first word in the corpus"),
    wordCount: u32,
  },
  { rule: "scalar" },
);

/** What begins the table of a corpus's signatures; its segments follow. */
export const SignatureHead = struct(
  "SignatureHead",
  { segmentCount: u32, wordCount: u32 },
  {
    rule: "scalar",
    doc: "Begins the table of a corpus's signatures; a SignedSegment for each segment follows.",
  },
);

/** What the kernel that makes signatures is launched with. */
export const SignatureLaunch = struct(
  "SignatureLaunch",
  {
    segment: SignedSegment,
    columns: doc(
      u64,
      "address of the sample: the words of all rows for one word of blocks, then those of the next",
    ),
    begin: doc(u32, "first word of the segment that this dispatch makes"),
    sampleStep: doc(u32, "every word of the corpus whose number is a multiple of this is in the sample"),
  },
  { rule: "scalar", doc: "Push constants of signatures." },
);

/** The GLSL that is generated from this file. */
export const glslModules = {
  "scan.glsl": glslModule({
    doc: "Requests, records and tables of the search kernels.",
    parts: [
      Operation,
      Request,
      MatchRequest,
      MatchTable,
      MatchRecord,
      Record,
      Newline,
      Signature,
      SegmentEntry,
      CorpusEntry,
      IndexLaunch,
      RankLaunch,
      SignedSegment,
      SignatureHead,
      SignatureLaunch,
    ],
  }),
};
