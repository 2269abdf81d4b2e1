// transpose: makes the bit planes of a segment.
//
// in   the segment's bytes, line feeds up to a whole number of tiles
// out  planes, laid out as generated/planes.glsl says
// dispatch shape: one workgroup for each tile; a thread makes one word of all planes at a time
// method: bytes j, 8 + j, 16 + j and 24 + j are brought into one word. Then bits and words are exchanged in three
//      steps, as a matrix of 8 × 8 is transposed (Hacker's Delight, 7-3), for four matrices at a time.
// memory order relied on: none
// reference: planeLines of src/search/reference, which takes the bits of the bytes themselves
#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_control_flow_attributes : require

#include "generated/planes.glsl"

layout(local_size_x = 256) in;
layout(push_constant, scalar) uniform LaunchBlock { TransposeLaunch launch; };
layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer TextVectors { uvec4 vectors[]; };
layout(buffer_reference, scalar, buffer_reference_align = 16) writeonly buffer PlaneVectors { uvec4 vectors[]; };

// Bytes j of a, b, c, d as one word, for each j.
uvec4 bytesTogether(uvec4 words) {
  uint lowA = words.x & 0x0000FFFFu | words.z << 16;
  uint highA = words.x >> 16 | words.z & 0xFFFF0000u;
  uint lowB = words.y & 0x0000FFFFu | words.w << 16;
  uint highB = words.y >> 16 | words.w & 0xFFFF0000u;
  return uvec4(lowA & 0x00FF00FFu | (lowB & 0x00FF00FFu) << 8, lowA >> 8 & 0x00FF00FFu | lowB & 0xFF00FF00u,
               highA & 0x00FF00FFu | (highB & 0x00FF00FFu) << 8, highA >> 8 & 0x00FF00FFu | highB & 0xFF00FF00u);
}

// Exchanges the upper bits of each group of a word with the lower ones of another word.
void exchange(inout uvec4 low, inout uvec4 high, uint distance, uint mask) {
  uvec4 change = (low >> distance ^ high) & mask;
  high ^= change;
  low ^= change << distance;
}

void exchangePairs(inout uvec4 words, bool isFar) {
  uvec2 low = isFar ? words.xy : words.xz;
  uvec2 high = isFar ? words.zw : words.yw;
  uint distance = isFar ? 2u : 1u;
  uvec2 change = (low >> distance ^ high) & (isFar ? 0x33333333u : 0x55555555u);
  high ^= change;
  low ^= change << distance;
  words = isFar ? uvec4(low, high) : uvec4(low.x, high.x, low.y, high.y);
}

void main() {
  uint tile = launch.firstTile + gl_WorkGroupID.x;
  uint spanWords = 1u << launch.spanShift;
  for (uint index = gl_LocalInvocationIndex; index < spanWords * PLANE_LANES; index += gl_WorkGroupSize.x) {
    uint lane = index % PLANE_LANES;
    uint step = index / PLANE_LANES;
    uint word = ((tile * PLANE_LANES + lane) << launch.spanShift) + step;
    uvec4 first = TextVectors(launch.text).vectors[word * 2u];
    uvec4 second = TextVectors(launch.text).vectors[word * 2u + 1u];
    // Bytes j, 8 + j, 16 + j and 24 + j: the words at 0, 2, 4, 6 have those with j below 4.
    uvec4 low = bytesTogether(uvec4(first.x, first.z, second.x, second.z));
    uvec4 high = bytesTogether(uvec4(first.y, first.w, second.y, second.w));
    exchange(low, high, 4u, 0x0F0F0F0Fu);
    exchangePairs(low, true);
    exchangePairs(high, true);
    exchangePairs(low, false);
    exchangePairs(high, false);
    uint at = ((tile << launch.spanShift) + step) * PLANE_TILE_VECTORS + lane;
    PlaneVectors(launch.planes).vectors[at] = low;
    PlaneVectors(launch.planes).vectors[at + PLANE_LANES] = high;
  }
}
