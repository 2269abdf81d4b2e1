// seal.glsl: vectors that tell by themselves whether they have arrived.
//
// Host and kernel speak in vectors of four words: three of content, and a seal, which is a number that is due plus a
// mix of the content. Who expects a number takes a vector only when seal - mix is that number: then all four words
// belong together, in whatever order and in whatever pieces they were stored and loaded. (Hardware moves a vector at
// once; software drivers move its words one by one, in an order of the compiler's.) Reference:
// src/residency/queue/seal.ts.

#include "generated/seal.glsl"

uint sealMix(uvec3 content) { return content.x * SEAL_MIX_X + content.y * SEAL_MIX_Y + content.z * SEAL_MIX_Z; }

uvec4 sealed(uvec3 content, uint number) { return uvec4(content, number + sealMix(content)); }

// The number that a vector was sealed with, if it has arrived whole.
uint sealNumber(uvec4 vector) { return vector.w - sealMix(vector.xyz); }
