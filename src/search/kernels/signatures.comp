// signatures: builds the signatures of a segment: which trigrams each block of its text may have.
//
// in   the segment's bytes, readable for 16 KiB behind the last block
// out  rows[h * wordCount + w]: bit b is set if block 32 * w + b has a trigram of row h; the sample has some columns
// dispatch shape: one workgroup for each word of 32 blocks
// memory order relied on: none but barrier()
// reference: src/search/reference/signatures.ts
#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_control_flow_attributes : require

#include "generated/scan.glsl"

layout(local_size_x = 256) in;
// Less than all rows makes hashes collide, for tests.
layout(constant_id = 1) const uint ROW_MASK = SIGNATURE_ROWS - 1u;
layout(push_constant, scalar) uniform SignatureBlock { SignatureLaunch launch; };
layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer TextVectors { uvec4 vectors[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer TextWords { uint words[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) writeonly buffer RowsOut { uint words[]; };

const uint BLOCK_VECTORS = SIGNATURE_BLOCK_BYTES / 16u;
const uint OVERLAP_VECTORS = SIGNATURE_OVERLAP_BYTES / 16u;
const uint WORD_VECTORS = SIGNATURE_WORD_BYTES / 16u;

shared uint sh_row[SIGNATURE_ROWS];

// The word with ASCII letters in lower case.
uint folded(uint word) {
  uint low = word & 0x7F7F7F7Fu;
  uint isLetter = (low + 0x3F3F3F3Fu) & ~(low + 0x25252525u) & ~word & 0x80808080u;
  return word | isLetter >> 2;
}

// The blocks of this word whose signatures have the trigrams that start in a vector, one bit each.
uint blocksOf(uint vector) {
  uint own = vector < WORD_VECTORS ? 1u << (vector / BLOCK_VECTORS) : 0u;
  bool isOverlap = vector % BLOCK_VECTORS < OVERLAP_VECTORS && vector >= BLOCK_VECTORS;
  return isOverlap ? own | 1u << (vector / BLOCK_VECTORS - 1u) : own;
}

void addTrigram(uint low, uint high, uint place, uint blocks) {
  uint trigram = place == 0u ? low : low >> (place * 8u) | high << (32u - place * 8u);
  uint row = ((trigram & 0xFFFFFFu) * SIGNATURE_MULTIPLIER) >> SIGNATURE_SHIFT & ROW_MASK;
  // Most bits are set already, and looking is cheaper than an atomic.
  if ((sh_row[row] & blocks) != blocks) atomicOr(sh_row[row], blocks);
}

void main() {
  uint word = launch.begin + gl_WorkGroupID.x;
  uint firstVector = word * WORD_VECTORS;
  for (uint row = gl_LocalInvocationIndex; row < SIGNATURE_ROWS; row += gl_WorkGroupSize.x) sh_row[row] = 0u;
  barrier();
  for (uint vector = gl_LocalInvocationIndex; vector < WORD_VECTORS + OVERLAP_VECTORS; vector += gl_WorkGroupSize.x) {
    uvec4 text = TextVectors(launch.segment.data).vectors[firstVector + vector];
    uint behind = folded(TextWords(launch.segment.data).words[(firstVector + vector) * 4u + 4u]);
    uint words[5] = uint[5](folded(text.x), folded(text.y), folded(text.z), folded(text.w), behind);
    uint blocks = blocksOf(vector);
    [[unroll]] for (uint index = 0u; index < 4u; index++) {
      [[unroll]] for (uint place = 0u; place < 4u; place++) addTrigram(words[index], words[index + 1u], place, blocks);
    }
  }
  barrier();
  SignedSegment segment = launch.segment;
  uint inCorpus = segment.firstWord + word;
  bool isSampled = inCorpus % launch.sampleStep == 0u;
  for (uint row = gl_LocalInvocationIndex; row < SIGNATURE_ROWS; row += gl_WorkGroupSize.x) {
    RowsOut(segment.rows).words[row * segment.wordCount + word] = sh_row[row];
    if (isSampled) RowsOut(launch.columns).words[inCorpus / launch.sampleStep * SIGNATURE_ROWS + row] = sh_row[row];
  }
}
