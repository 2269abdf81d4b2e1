// line_ranks: how many line feeds of a segment lie before each of many offsets (the starts of its files).
//
// in   offsets[i], multiples of 16; the finished newline index
// out  ranks[i] = line feeds in [0, offsets[i])
// dispatch shape: one thread an offset, grid of any size
// memory order relied on: the index passes' writes, through a barrier between the dispatches
// reference: src/search/reference/newlines.ts
#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_arithmetic : require

#extension GL_EXT_control_flow_attributes : require

#include "generated/scan.glsl"
#include "newlines.glsl"

layout(local_size_x = NEWLINE_GROUP_BLOCKS) in;
layout(push_constant, scalar) uniform RankBlock { RankLaunch launch; };
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Offsets { uint offsets[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) writeonly buffer RanksOut { uint ranks[]; };

void main() {
  uint index = gl_GlobalInvocationID.x;
  if (index >= launch.offsetCount) return;
  uint offset = Offsets(launch.offsets).offsets[index];
  uint block = offset / NEWLINE_BLOCK_BYTES;
  uint rank = newlinesBeforeBlock(launch.segment, block);
  for (uint at = block * NEWLINE_BLOCK_BYTES; at < offset; at += 16u) {
    uvec4 vector = CorpusVectors(launch.segment.data).vectors[at / 16u];
    rank += bitCount(newlineFlags(vector.x)) + bitCount(newlineFlags(vector.y)) + bitCount(newlineFlags(vector.z)) +
            bitCount(newlineFlags(vector.w));
  }
  RanksOut(launch.ranks).ranks[index] = rank;
}
