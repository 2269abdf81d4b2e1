// probe.glsl: what all probe kernels share: their push constants, the pattern that they write to memory, and plain
// views of memory.
//
// A probe kernel always ends by itself: every loop has a fixed bound.

#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

#include "generated/probe.glsl"

layout(push_constant, scalar) uniform ProbeBlock { Probe probe; };

layout(buffer_reference, scalar, buffer_reference_align = 4) buffer PlainWords { uint words[]; };
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer PlainVectors { uvec4 vectors[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) volatile coherent buffer SeenWords { uint words[]; };

// The word at `index` of the pattern with this seed. Neighbouring words differ, and unrelated memory is unlikely to
// match. Reference: src/residency/reference/pattern.ts.
uint patternWord(uint index, uint seed) {
  uint word = (index ^ seed) * 2654435761u;
  return (word ^ (word >> 15)) * 2246822519u;
}

// Reads a word once, or 32 times in a row. Drivers that limit loops count rounds, whatever a round does. So slow reads
// let a loop last longer under such a limit.
bool isSet(SeenWords control, bool isSlow) {
  uint seen = control.words[0];
#define PROBE_LOOK_4 \
  seen |= control.words[0]; seen |= control.words[0]; seen |= control.words[0]; seen |= control.words[0];
  if (isSlow) {
    PROBE_LOOK_4 PROBE_LOOK_4 PROBE_LOOK_4 PROBE_LOOK_4 PROBE_LOOK_4 PROBE_LOOK_4 PROBE_LOOK_4 PROBE_LOOK_4
  }
  return seen != 0u;
}
