/** What the kernels of bit planes and their host share. */
import { constants, doc, glslModule, struct, u32, u64 } from "../../schema/index.ts";

/** Sizes of bit planes. */
export const Plane = constants(
  "PLANE",
  { WORD_BYTES: 32, LANES: 32, WORD_VECTORS: 2, TILE_VECTORS: 64 },
  {
    doc:
      "Bit planes of a segment. Word w of plane k has the bits k of the bytes 32 * w to 32 * w + 31. A span is a " +
      "run of 2^spanShift words, which one thread walks along; 32 spans are a tile, in which words of one step lie " +
      "together.",
    docs: {
      WORD_BYTES: "bytes of text that a word of a plane tells of",
      LANES: "spans of a tile",
      WORD_VECTORS: "vectors of a word of all planes: planes 0 to 3, planes 4 to 7",
      TILE_VECTORS: "vectors of a step of a tile: the first ones of all lanes, then the second ones",
    },
  },
);

/** The sums of a launch of planes.comp, and of all launches before it. */
export const PlaneTally = constants(
  "PLANE_TALLY",
  { LINES: 0, DOUBTS: 1, UNFINISHED: 2, ARRIVED: 3, LAUNCHES: 4, WORDS: 8 },
  {
    doc: "Words of the sums of a launch, by index. All but LAUNCHES are 0 between two launches.",
    docs: {
      LINES: "lines that match",
      DOUBTS: "lines that must be verified",
      UNFINISHED: "spans whose last line is too long",
      ARRIVED: "workgroups that have ended",
      LAUNCHES: "launches so far",
    },
  },
);

/** How planes.comp reads the steps of a program, where it was not compiled for it. */
export const PlaneCode = constants(
  "PLANE_CODE",
  {
    AND: 0,
    OR: 1,
    XOR: 2,
    WITHOUT: 3,
    NOT: 4,
    CHOOSE: 5,
    ADVANCE: 6,
    STAR: 7,
    FOLLOW: 8,
    HEAD: 2,
    SLOTS: 22,
    CARRIES: 28,
    STEPS: 240,
    NO_SLOT: 255,
  },
  {
    doc:
      "The steps of a program as pairs of words. A step is its kind, the slot of its result and those of two " +
      "operands, a byte each from the lowest on; then the slot of a third operand, how far it advances, and its " +
      "carry. Two pairs come first: the number of steps and, bit by bit, the carries that begin as 1; the slots of " +
      "feeds, lines and doubts, a byte each.",
    docs: {
      FOLLOW: "an advance, and the places of another stream in it",
      HEAD: "pairs before the first step",
      SLOTS: "streams that a thread holds at a time; the first eight begin as the planes",
      CARRIES: "carries that it holds",
      STEPS: "steps at most",
      NO_SLOT: "the slot of doubts where there are none",
    },
  },
);

/** What planes.comp is launched with. */
export const PlaneLaunch = struct(
  "PlaneLaunch",
  {
    planes: doc(u64, "address of the segment's planes"),
    tally: doc(u64, "address of the sums"),
    answer: doc(u64, "address of the answer: one sealed vector"),
    doubts: doc(
      u64,
      "address of the places of lines that must be verified: segment, offset of the line feed",
    ),
    code: doc(u64, "address of the program; not read by kernels that were compiled for theirs"),
    segment: u32,
    wordCount: doc(u32, "words of a plane: whole tiles"),
    spanShift: u32,
    groupCount: doc(u32, "workgroups of all dispatches of the launch"),
    doubtCapacity: u32,
    walkMax: doc(u32, "words that a thread walks at most behind its span"),
    tellsAll: doc(u32, "not 0: the places of all lines that match are told, as if all were in doubt"),
  },
  { rule: "scalar", doc: "Push constants of planes." },
);

/** What plane_lines.comp is launched with. */
export const LinesLaunch = struct(
  "LinesLaunch",
  {
    answer: doc(u64, "address of the answer of planes.comp"),
    places: doc(u64, "address of the places that it told"),
    segments: doc(u64, "address of the corpus's segment table"),
    lines: doc(u64, "address of what is written for each place: line feeds before the line, its first byte"),
    capacity: doc(u32, "places at most"),
  },
  { rule: "scalar", doc: "Push constants of plane_lines." },
);

/** What transpose.comp is launched with. */
export const TransposeLaunch = struct(
  "TransposeLaunch",
  {
    text: doc(u64, "address of the segment's bytes"),
    planes: u64,
    spanShift: u32,
    firstTile: doc(u32, "tile that the dispatch begins with"),
  },
  { rule: "scalar", doc: "Push constants of transpose." },
);

/** The GLSL that is generated from this file. */
export const glslModules = {
  "planes.glsl": glslModule({
    doc: "Bit planes: their layout, the launches of their kernels.",
    parts: [Plane, PlaneTally, PlaneCode, PlaneLaunch, LinesLaunch, TransposeLaunch],
  }),
};
