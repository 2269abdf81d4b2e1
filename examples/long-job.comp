// long-job: which number below a limit takes the most steps to reach 1, when even ones are halved and odd ones become
// 3n + 1 (Collatz)?
//
// in     Request   limit: 2 … 10¹⁰ (above that a number on the way may need more than 64 bits)
// out    Response  start, the smallest number with the most steps; steps. Fails with code 1 for another limit
// state  best      the best so far of the job in each priority, for it is done in many slices
// shape  one workgroup
// reference   long-job.reference.ts
//
// A limit of 10⁹ is minutes of work. It is cut into slices: each entry of perform looks at NUMBERS_PER_THREAD numbers a
// thread and suspends. Between two slices the kernel may be parked, relaunched, saved to a file and restored in another
// process, or may serve urgent requests.
#version 460
#include "kernel.glsl"

struct Best {
  uint64_t start;
  uint steps;
  uint reserved;
};
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Bests { Best byPriority[2]; };

const uint NUMBERS_PER_THREAD = 4u;
const uint STEPS_MAX = 2000u; // below 10¹⁰ it is 1132 at most; a loop without a bound is never right
const uint64_t LIMIT_MAX = 10000000000ul;
const uint CODE_BAD_LIMIT = 1u;
const uint NONE = 0xFFFFFFFFu;

shared uint sh_steps;
shared uint sh_offset;

uint stepsOf(uint64_t number) {
  uint steps = 0u;
  for (; number > 1ul && steps < STEPS_MAX; steps++) number = (number & 1ul) == 0ul ? number >> 1 : 3ul * number + 1ul;
  return steps;
}

void perform(uint slot) {
  uint64_t limit = requestAt(slot).limit;
  if (limit < 2ul || limit > LIMIT_MAX) {
    if (gl_LocalInvocationIndex == 0u) fail(slot, CODE_BAD_LIMIT);
    return;
  }
  // An urgent request may run between two slices of this one: each priority keeps its own.
  Bests bests = Bests(bestState());
  bool isNew = progress() == 0ul;
  uint64_t begin = isNew ? 1ul : progress();

  if (gl_LocalInvocationIndex == 0u) {
    sh_steps = 0u;
    sh_offset = NONE;
  }
  barrier();

  // This thread's best of the slice: the smallest number, as it comes first.
  uint steps = 0u;
  uint offset = NONE;
  for (uint turn = 0u; turn < NUMBERS_PER_THREAD; turn++) {
    uint here = turn * gl_WorkGroupSize.x + gl_LocalInvocationIndex;
    uint64_t number = begin + uint64_t(here);
    countActive(number < limit);
    uint found = number < limit ? stepsOf(number) : 0u;
    spend(found + 1u);
    if (number < limit && (offset == NONE || found > steps)) {
      steps = found;
      offset = here;
    }
  }

  // The workgroup's best.
  if (offset != NONE) atomicMax(sh_steps, steps);
  barrier();
  if (offset != NONE && steps == sh_steps) atomicMin(sh_offset, offset);
  barrier();

  uint64_t next = begin + uint64_t(NUMBERS_PER_THREAD * gl_WorkGroupSize.x);
  if (gl_LocalInvocationIndex == 0u) {
    Best best = bests.byPriority[currentPriority];
    if (isNew || sh_steps > best.steps) best = Best(begin + uint64_t(sh_offset), sh_steps, 0u);
    bests.byPriority[currentPriority] = best;
    if (next >= limit) respond(slot, Response(best.start, best.steps));
  }
  if (next < limit) suspend(next);
}
