// probe.glsl: what the probe kernels share: their push constants, the pattern that they leave in memory, and plain
// views of memory.
//
// A probe kernel ends by itself, whatever the device does: every loop has a bound of its own.

#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

#include "generated/probe.glsl"

layout(push_constant, scalar) uniform ProbeBlock { Probe probe; };

layout(buffer_reference, scalar, buffer_reference_align = 4) buffer PlainWords { uint words[]; };
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer PlainVectors { uvec4 vectors[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) volatile coherent buffer SeenWords { uint words[]; };

// The word at `index` of the pattern with this seed: no two neighbours are alike, and none is likely to be there by
// chance. Reference: src/residency/reference/pattern.ts.
uint patternWord(uint index, uint seed) {
  uint word = (index ^ seed) * 2654435761u;
  return (word ^ (word >> 15)) * 2246822519u;
}

// One look at a word, or 32 of them in a row. Drivers that count rounds of loops do not count what is inside a round,
// so a loop of slow looks lasts longer there.
bool isSet(SeenWords control, bool isSlow) {
  uint seen = control.words[0];
#define PROBE_LOOK_4 seen |= control.words[0]; seen |= control.words[0]; seen |= control.words[0]; seen |= control.words[0];
  if (isSlow) {
    PROBE_LOOK_4 PROBE_LOOK_4 PROBE_LOOK_4 PROBE_LOOK_4 PROBE_LOOK_4 PROBE_LOOK_4 PROBE_LOOK_4 PROBE_LOOK_4
  }
  return seen != 0u;
}
