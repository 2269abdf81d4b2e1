// seal.glsl: vectors whose arrival can be checked by their content.
//
// Host and kernel exchange vectors of four words: three of content, and a seal. The seal is an expected number plus a
// mix of the content. A reader computes seal - mix. If the difference is the expected number, then all four words
// belong together, whatever the order of stores and loads. This matters because software drivers store the words of a
// vector one by one, in any order. Hardware stores a vector at once. Reference: src/residency/queue/seal.ts.

#include "generated/seal.glsl"

uint sealMix(uvec3 content) { return content.x * SEAL_MIX_X + content.y * SEAL_MIX_Y + content.z * SEAL_MIX_Z; }

uvec4 sealed(uvec3 content, uint number) { return uvec4(content, number + sealMix(content)); }

// The number that a vector was sealed with, if the whole vector has arrived; otherwise most likely another number.
uint sealNumber(uvec4 vector) { return vector.w - sealMix(vector.xyz); }
