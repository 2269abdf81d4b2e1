// planes: counts the lines of a segment that a program over its bit planes finds.
//
// in   planes, laid out as generated/planes.glsl says, and a program: plane-program.glsl. That file is made for a
//      pattern (src/search/planes/program-glsl.ts). The one in the folder glsl/ reads a program's steps from memory.
// out  by the last workgroup of all dispatches of a launch: a sealed vector with the count of lines that match and need
//      no look, the count of those that must be verified, and a third number that is not 0 if the answer is of no use;
//      the places of the lines to be verified, up to `doubtCapacity` of them, in no order; with `tellsAll` these are
//      all lines that match. With more of them the launch ends early, and its answer is of no use
// dispatch shape: one thread for each span
// method: a thread walks along its span, word by word. What steps carry from a word to the next lies in registers, so
//      no thread needs another. The lines of a span are those behind a line feed of the span: the thread passes over
//      the first line feed and what lies before it, and goes on behind the span to the end of its last line.
// memory order relied on: planes were written before the launch; sums are atomics, and the last arrival reads them.
// reference: src/search/reference/plane-lines.ts
#version 460
// variant: PLANE_WORDS=1
// variant: PLANE_WORDS=4
#extension GL_EXT_control_flow_attributes : require
#include "planes.glsl"
#include "plane-program.glsl"

// Places of the lines to be verified.
layout(buffer_reference, scalar, buffer_reference_align = 8) writeonly buffer Doubts { uvec2 places[]; };
layout(buffer_reference, scalar, buffer_reference_align = 16) writeonly buffer Answer { uvec4 vector; };

shared uint sh_lines;

// Orders nothing: some drivers take what orders memory for a barrier, and lanes add in branches and loops.
uint addToTally(uint index, uint count) {
  return atomicAdd(Tally(launch.tally).words[index], count, gl_ScopeDevice, gl_StorageSemanticsBuffer,
                   gl_SemanticsRelaxed);
}

uint takeFromTally(uint index) {
  return atomicExchange(Tally(launch.tally).words[index], 0u, gl_ScopeDevice, gl_StorageSemanticsBuffer,
                        gl_SemanticsRelaxed);
}

uint lowestBit(uint bits) { return bits & (~bits + 1u); }

// Tells the places of lines that must be verified. Rare. Returns whether there are too many.
bool tellDoubts(uint doubts, uint word) {
  uint place = addToTally(PLANE_TALLY_DOUBTS, uint(bitCount(doubts)));
  for (uint left = doubts; left != 0u; left &= left - 1u) {
    if (place < launch.doubtCapacity)
      Doubts(launch.doubts).places[place] = uvec2(launch.segment, word * PLANE_WORD_BYTES + uint(findLSB(left)));
    place++;
  }
  return place > launch.doubtCapacity;
}

// The first of the two vectors of a word; the second lies PLANE_LANES behind it.
uint vectorOf(uint word) {
  uint span = word >> launch.spanShift;
  uint step = word & ((1u << launch.spanShift) - 1u);
  return (((span / PLANE_LANES) << launch.spanShift) + step) * PLANE_TILE_VECTORS + span % PLANE_LANES;
}

struct Vectors { uvec4 low[PLANE_WORDS]; uvec4 high[PLANE_WORDS]; };

Vectors load(uint at) {
  Vectors vectors;
  [[unroll]] for (uint index = 0u; index < PLANE_WORDS; index++) {
    vectors.low[index] = PlaneVectors(launch.planes).vectors[at + index * PLANE_TILE_VECTORS];
    vectors.high[index] = PlaneVectors(launch.planes).vectors[at + index * PLANE_TILE_VECTORS + PLANE_LANES];
  }
  return vectors;
}

// The lines behind line feeds of a span that match.
uint linesOfSpan(uint span) {
  uint first = span << launch.spanShift;
  uint ownWords = 1u << launch.spanShift;
  uint wordsLeft = launch.wordCount - first;
  uint end = min(wordsLeft, ownWords + launch.walkMax);
  PlaneCarries carries = planeCarries();
  bool isOwn = span == 0u;  // the line belongs to the span
  bool isDone = false;
  uint count = 0u;
  uint at = vectorOf(first);
  Vectors next = load(at);
  for (uint word = 0u; word < end && !isDone; word += PLANE_WORDS) {
    Vectors vectors = next;
    uint following = word + PLANE_WORDS;
    at = (following & (ownWords - 1u)) == 0u ? vectorOf(first + following) : at + PLANE_WORDS * PLANE_TILE_VECTORS;
    if (following < end) next = load(at);
    Words planes[8];
    [[unroll]] for (uint index = 0u; index < PLANE_WORDS; index++) {
      [[unroll]] for (uint plane = 0u; plane < 4u; plane++) {
        WORD(planes[plane], index) = vectors.low[index][plane];
        WORD(planes[plane + 4u], index) = vectors.high[index][plane];
      }
    }
    PlaneLines found = planeLines(planes, carries);
    [[unroll]] for (uint index = 0u; index < PLANE_WORDS; index++) {
      uint feeds = WORD(found.feeds, index);
      uint lines = WORD(found.lines, index);
      if (!isOwn) {
        lines &= ~lowestBit(feeds);  // without a line feed there is no line
        isOwn = feeds != 0u;
      }
      if (word >= ownWords) {
        lines = isDone ? 0u : lines & lowestBit(feeds);
        isDone = isDone || feeds != 0u;
      }
      uint doubts = launch.tellsAll != 0u ? lines : lines & WORD(found.doubts, index);
      count += uint(bitCount(lines ^ doubts));
      if (doubts != 0u && tellDoubts(doubts, first + word + index)) return 0u;
    }
    if (following >= ownWords && !isOwn) isDone = true;  // the span has no line feed
  }
  if (!isDone && end < wordsLeft) addToTally(PLANE_TALLY_UNFINISHED, 1u);
  return count;
}

// The last workgroup of a launch answers.
void arrive(uint lines) {
  if (lines != 0u) addToTally(PLANE_TALLY_LINES, lines);
  uint before = atomicAdd(Tally(launch.tally).words[PLANE_TALLY_ARRIVED], 1u, gl_ScopeDevice,
                          gl_StorageSemanticsBuffer, gl_SemanticsAcquireRelease);
  if (before != launch.groupCount - 1u) return;
  uint number = addToTally(PLANE_TALLY_LAUNCHES, 1u) + 1u;
  takeFromTally(PLANE_TALLY_ARRIVED);
  uvec3 sums = uvec3(takeFromTally(PLANE_TALLY_LINES), takeFromTally(PLANE_TALLY_DOUBTS),
                     takeFromTally(PLANE_TALLY_UNFINISHED));
  Answer(launch.answer).vector = sealed(sums, number);
}

void main() {
  if (gl_LocalInvocationIndex == 0u) sh_lines = 0u;
  beginPlanes();
  barrier();
  uint span = gl_GlobalInvocationID.x;
  bool isWanted = launch.tellsAll == 0u || Tally(launch.tally).words[PLANE_TALLY_DOUBTS] <= launch.doubtCapacity;
  uint count = isWanted && span << launch.spanShift < launch.wordCount ? linesOfSpan(span) : 0u;
  if (count != 0u) atomicAdd(sh_lines, count);
  barrier();
  if (gl_LocalInvocationIndex == 0u) arrive(sh_lines);
}
