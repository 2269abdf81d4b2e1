// loop_limit: does a loop run as often as it says? (Mesa's software driver before 25.0 ends every loop of an invocation after
// 65,535 rounds in all, without an error.)
//
// in   wanted rounds
// out  rounds that were run
// dispatch shape: one workgroup of one thread
// twin: the number itself
#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

#include "generated/queue.glsl"

layout(local_size_x = 1) in;
layout(push_constant, scalar) uniform ProbeBlock { LoopProbe probe; };
layout(buffer_reference, scalar, buffer_reference_align = 4) volatile buffer Rounds { uint wanted; uint run; };

void main() {
  Rounds rounds = Rounds(probe.rounds);
  // Memory is read and written in every round, so that no compiler can fold the loop into its result.
  for (uint index = 0u; index < rounds.wanted; index++) rounds.run = index + 1u;
}
