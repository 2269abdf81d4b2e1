// echo: the smallest resident kernel. It measures the round trip alone.
//
// in   payload word 0 (u32)
// out  result = payload word 0 + 1 (33 bits), contributed by workgroup 0 alone; the others only arrive
// dispatch shape: any number of workgroups
// reference: src/residency/reference/echo.ts
#version 460
#define RESIDENCY_DIRECT
#include "residency.glsl"

void initialize() {}

uint batchLimit(uint available) { return available; }

void prepare(uint first, uint count) {}

void perform(uint first, uint count) {}

uint64_t contribution(uint index) {
  return gl_WorkGroupID.x == 0u ? uint64_t(headerWord(index, 0u)) + 1ul : 0ul;
}
