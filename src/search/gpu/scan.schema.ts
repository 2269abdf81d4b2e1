/** What the scan kernels and their host share: requests, records, the corpus tables. */
import { constants, doc, glslModule, padding, struct, u32, u64 } from "../../schema/index.ts";
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
  },
  { rule: "scalar" },
);

/** A corpus, as kernels find it. */
export const CorpusEntry = struct(
  "CorpusEntry",
  { segments: doc(u64, "address of its SegmentEntry table"), tileCount: u32, reserved: padding(4) },
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
    doc: "Requests, records and corpus tables of the scan kernels.",
    parts: [
      Operation,
      Request,
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
