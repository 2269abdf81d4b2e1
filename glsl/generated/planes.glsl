// Written by scripts/gen-glsl.ts from the schema in src; do not edit.
// Bit planes: their layout, the launches of their kernels.
// Needs: GL_EXT_shader_explicit_arithmetic_types_int64.

// Bit planes of a segment. Word w of plane k has the bits k of the bytes 32 * w to 32 * w + 31. A span is a run of 2^spanShift words, which one thread walks along; 32 spans are a tile, in which words of one step lie together.
// bytes of text that a word of a plane tells of
const uint PLANE_WORD_BYTES = 32u;
// spans of a tile
const uint PLANE_LANES = 32u;
// vectors of a word of all planes: planes 0 to 3, planes 4 to 7
const uint PLANE_WORD_VECTORS = 2u;
// vectors of a step of a tile: the first ones of all lanes, then the second ones
const uint PLANE_TILE_VECTORS = 64u;

// Words of the sums of a launch, by index. All but LAUNCHES are 0 between two launches.
// lines that match
const uint PLANE_TALLY_LINES = 0u;
// lines that must be verified
const uint PLANE_TALLY_DOUBTS = 1u;
// spans whose last line is too long
const uint PLANE_TALLY_UNFINISHED = 2u;
// workgroups that have ended
const uint PLANE_TALLY_ARRIVED = 3u;
// launches so far
const uint PLANE_TALLY_LAUNCHES = 4u;
const uint PLANE_TALLY_WORDS = 8u;

// The steps of a program as pairs of words. A step is its kind, the slot of its result and those of two operands, a byte each from the lowest on; then the slot of a third operand, how far it advances, and its carry. Two pairs come first: the number of steps and, bit by bit, the carries that begin as 1; the slots of feeds, lines and doubts, a byte each.
const uint PLANE_CODE_AND = 0u;
const uint PLANE_CODE_OR = 1u;
const uint PLANE_CODE_XOR = 2u;
const uint PLANE_CODE_WITHOUT = 3u;
const uint PLANE_CODE_NOT = 4u;
const uint PLANE_CODE_CHOOSE = 5u;
const uint PLANE_CODE_ADVANCE = 6u;
const uint PLANE_CODE_STAR = 7u;
// an advance, and the places of another stream in it
const uint PLANE_CODE_FOLLOW = 8u;
// pairs before the first step
const uint PLANE_CODE_HEAD = 2u;
// streams that a thread holds at a time; the first eight begin as the planes
const uint PLANE_CODE_SLOTS = 22u;
// carries that it holds
const uint PLANE_CODE_CARRIES = 28u;
// steps at most
const uint PLANE_CODE_STEPS = 240u;
// the slot of doubts where there are none
const uint PLANE_CODE_NO_SLOT = 255u;

// Push constants of planes.
struct PlaneLaunch { // 68 bytes
  // address of the segment's planes
  uint64_t planes; // at 0
  // address of the sums
  uint64_t tally; // at 8
  // address of the answer: one sealed vector
  uint64_t answer; // at 16
  // address of the places of lines that must be verified: segment, offset of the line feed
  uint64_t doubts; // at 24
  // address of the program; not read by kernels that were compiled for theirs
  uint64_t code; // at 32
  uint segment; // at 40
  // words of a plane: whole tiles
  uint wordCount; // at 44
  uint spanShift; // at 48
  // workgroups of all dispatches of the launch
  uint groupCount; // at 52
  uint doubtCapacity; // at 56
  // words that a thread walks at most behind its span
  uint walkMax; // at 60
  // not 0: the places of all lines that match are told, as if all were in doubt
  uint tellsAll; // at 64
};

// Push constants of plane_lines.
struct LinesLaunch { // 36 bytes
  // address of the answer of planes.comp
  uint64_t answer; // at 0
  // address of the places that it told
  uint64_t places; // at 8
  // address of the corpus's segment table
  uint64_t segments; // at 16
  // address of what is written for each place: line feeds before the line, its first byte
  uint64_t lines; // at 24
  // places at most
  uint capacity; // at 32
};

// Push constants of transpose.
struct TransposeLaunch { // 24 bytes
  // address of the segment's bytes
  uint64_t text; // at 0
  uint64_t planes; // at 8
  uint spanShift; // at 16
  // tile that the dispatch begins with
  uint firstTile; // at 20
};
