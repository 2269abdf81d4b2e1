// planes.glsl: what a program over bit planes and the kernel around it have in common.
//
// A stream has one bit for each byte of a text, and a word 32 of them. PLANE_WORDS words of a stream are looked at
// together: 1 or 4.

#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_KHR_memory_scope_semantics : require

#include "generated/planes.glsl"
#include "seal.glsl"

layout(local_size_x_id = 0) in;
layout(push_constant, scalar) uniform LaunchBlock { PlaneLaunch launch; };
layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer PlaneVectors { uvec4 vectors[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) coherent buffer Tally { uint words[]; };

#ifndef PLANE_WORDS
#define PLANE_WORDS 1
#endif
#if PLANE_WORDS == 1
#define Words uint
#define WORD(words, index) words
#else
#define Words uvec4
#define WORD(words, index) words[index]
#endif

// What a program tells of the next words of a text.
struct PlaneLines {
  Words feeds;   // line feeds
  Words lines;   // line feeds that end a line with a match
  Words doubts;  // those of them whose line must be verified
};

uint anyBit(uint words) { return words; }
uint anyBit(uvec4 words) { return words.x | words.y | words.z | words.w; }

// Every bit moves so many places on, 1 to 31. `before` is the word before; the last word is left in it.
uint planeAdvance(uint words, uint by, inout uint before) {
  uint moved = words << by | before >> (32u - by);
  before = words;
  return moved;
}
uvec4 planeAdvance(uvec4 words, uint by, inout uint before) {
  uvec4 earlier = uvec4(before, words.xyz);
  before = words.w;
  return words << by | earlier >> (32u - by);
}

// Each bit, and all places behind it that only bits of `set` lie before (MatchStar). A carry runs through the places of
// the set that follow each bit, and out where they end.
uint planeStar(uint words, uint set, inout uint carry) {
  uint sum = (words & set) + set;
  uint total = sum + carry;
  carry = uint(sum < set) | uint(total < sum);
  return total ^ set | words;
}
uvec4 planeStar(uvec4 words, uvec4 set, inout uint carry) {
  uvec4 star;
  star.x = planeStar(words.x, set.x, carry);
  star.y = planeStar(words.y, set.y, carry);
  star.z = planeStar(words.z, set.z, carry);
  star.w = planeStar(words.w, set.w, carry);
  return star;
}
