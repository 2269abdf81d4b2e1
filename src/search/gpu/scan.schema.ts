/** What the scan kernels and their host share: requests, records, the corpus tables. */
import { constants, doc, glslModule, padding, struct, u32, u64 } from "../../schema/index.ts";

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
    LENGTH_MASK: 0xffff,
    OPERATION_SHIFT: 24,
  },
  {
    doc: "Payload words of a request to scan, by index; and its limits.",
    docs: {
      CORPUS: "index in the corpus table",
      LENGTH: "bytes of the literal, IGNORE_CASE, and from OPERATION_SHIFT on the operation",
      PAIR_OFFSET: "where in the literal its rarest pair of bytes is",
      RECORD_BASE: "first record that the request may write",
      RECORD_CAPACITY: "records that it may write",
      RANGE_BEGIN: "first tile of the corpus to look at",
      RANGE_END: "tile behind the last",
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

/** The GLSL that is generated from this file. */
export const glslModules = {
  "scan.glsl": glslModule({
    doc: "Requests, records and corpus tables of the scan kernels.",
    parts: [Operation, Request, Record, Newline, SegmentEntry, CorpusEntry, IndexLaunch, RankLaunch],
  }),
};
