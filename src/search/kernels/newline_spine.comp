// newline_spine: second pass of the newline index: sums the groups, and ranks the starts of the files.
//
// in   groupRanks[g] = line feeds in group g
// out  groupRanks[g] = line feeds before group g
// dispatch shape: one workgroup for a segment
// memory order relied on: newline_count's writes, through a barrier between the dispatches
// reference: src/search/reference/newlines.ts
#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_KHR_memory_scope_semantics : require

#include "generated/scan.glsl"

layout(local_size_x = NEWLINE_GROUP_BLOCKS) in;
layout(push_constant, scalar) uniform IndexBlock { IndexLaunch launch; };
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Ranks { uint ranks[]; };

shared uint sh_sums[NEWLINE_GROUP_BLOCKS];

void main() {
  uint thread = gl_LocalInvocationIndex;
  uint carry = 0u;
  for (uint base = 0u; base < launch.groupCount; base += NEWLINE_GROUP_BLOCKS) {
    uint group = base + thread;
    uint count = group < launch.groupCount ? Ranks(launch.segment.groupRanks).ranks[group] : 0u;
    sh_sums[thread] = count;
    barrier();
    for (uint distance = 1u; distance < NEWLINE_GROUP_BLOCKS; distance *= 2u) {
      uint other = thread >= distance ? sh_sums[thread - distance] : 0u;
      barrier();
      sh_sums[thread] += other;
      barrier();
    }
    if (group < launch.groupCount) Ranks(launch.segment.groupRanks).ranks[group] = carry + sh_sums[thread] - count;
    carry += sh_sums[NEWLINE_GROUP_BLOCKS - 1u];
    barrier();
  }
}
