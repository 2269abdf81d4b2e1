// slices: the conformance kernel: keeps a sum in its state, and takes as many slices for a request as that asks for.
//
// in   payload words: value to add (u32), slices (u32; 0 and 1: at once), rounds of loops that a slice takes (u32)
// out  result = the sum after the request (workgroup 0); state = { sum: u64 }
// dispatch shape: any number of workgroups; each takes its own slices
// reference: test/support/slices.ts
#version 460
#define RESIDENCY_PRIORITIES 2
#define RESIDENCY_SUSPENDS
#define RESIDENCY_DIRECT
#include "residency.glsl"

shared uint64_t sh_sums[QUEUE_REQUESTS_PER_POLL];
shared uint sh_idle;

void initialize() {}
uint batchLimit(uint available) { return available; }
void prepare(uint first, uint count) {}

void perform(uint first, uint count) {
  DoubleWords sum = DoubleWords(launch.state);
  uint request = 0u;
  for (; request < count; request++) {
    uint rounds = headerWord(request, 2u);
    for (uint round = 0u; round < rounds; round++) atomicAdd(sh_idle, round);
    bool isLast = sh_progress[currentPriority] + 1ul >= uint64_t(headerWord(request, 1u));
    barrier();
    if (gl_LocalInvocationIndex == 0u) {
      sh_spent += rounds + 1u;
      sh_progress[currentPriority] = isLast ? 0ul : sh_progress[currentPriority] + 1ul;
      if (isLast && gl_WorkGroupID.x == 0u) {
        sum.values[0] += uint64_t(headerWord(request, 0u));
        sh_sums[request] = sum.values[0];
      }
    }
    barrier();
    if (!isLast) break;
  }
  if (gl_LocalInvocationIndex == 0u) sh_finished = request;
}

uint64_t contribution(uint index) { return gl_WorkGroupID.x == 0u ? sh_sums[index] : 0ul; }
