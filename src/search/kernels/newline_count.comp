// newline_count: first of the two passes that build the newline index of a segment.
//
// in   the segment's bytes (line feeds up to a whole number of groups)
// out  blockRanks[b] = line feeds before block b in its group
//      groupRanks[g] = line feeds in group g (the spine pass sums them)
// dispatch shape: one workgroup a group of NEWLINE_GROUP_BLOCKS blocks; one thread a block
// memory order relied on: none inside; the spine pass runs behind a barrier
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
layout(push_constant, scalar) uniform IndexBlock { IndexLaunch launch; };
layout(buffer_reference, scalar, buffer_reference_align = 4) writeonly buffer RanksOut { uint ranks[]; };

shared uint sh_sums[NEWLINE_GROUP_BLOCKS];

void main() {
  SegmentEntry segment = launch.segment;
  uint thread = gl_LocalInvocationIndex;
  uint group = launch.firstGroup + gl_WorkGroupID.x;
  uint block = group * NEWLINE_GROUP_BLOCKS + thread;
  uint count = 0u;
  for (uint index = 0u; index < NEWLINE_BLOCK_VECTORS; index++) {
    uvec4 vector = CorpusVectors(segment.data).vectors[block * NEWLINE_BLOCK_VECTORS + index];
    count += bitCount(newlineFlags(vector.x)) + bitCount(newlineFlags(vector.y)) + bitCount(newlineFlags(vector.z)) +
             bitCount(newlineFlags(vector.w));
  }
  // Inclusive scan of the workgroup's counts (Hillis and Steele, 1986).
  sh_sums[thread] = count;
  barrier();
  for (uint distance = 1u; distance < NEWLINE_GROUP_BLOCKS; distance *= 2u) {
    uint other = thread >= distance ? sh_sums[thread - distance] : 0u;
    barrier();
    sh_sums[thread] += other;
    barrier();
  }
  RanksOut(segment.blockRanks).ranks[block] = sh_sums[thread] - count;
  if (thread == NEWLINE_GROUP_BLOCKS - 1u) RanksOut(segment.groupRanks).ranks[group] = sh_sums[thread];
}
