// accumulator: a running mean over the last values that it was sent.
//
// in     Request   windowLength: how many values to look back, the new one included; value: the new one
// out    Response  mean of min(windowLength, values so far, capacity) values; fails with code 1 when windowLength is 0
// state  history   a ring of the last values
// shape  one workgroup
// reference   accumulator.reference.ts
#version 460
#include "kernel.glsl"

layout(buffer_reference, scalar, buffer_reference_align = 16) buffer History {
  uint count; // of values in the ring
  uint next;  // where the next one goes
  float values[];
};

const uint CAPACITY = HISTORY_STATE_BYTES / 4u - 2u;
const uint CODE_EMPTY_WINDOW = 1u;

shared float sh_sums[1024]; // of a subgroup each: there are no more than threads

void perform(uint slot) {
  Request request = requestAt(slot);
  History history = History(historyState());
  uint count = history.count;
  uint next = history.next;

  // The same for all threads, so all leave together.
  if (request.windowLength == 0u) {
    if (gl_LocalInvocationIndex == 0u) fail(slot, CODE_EMPTY_WINDOW);
    return;
  }

  // Every thread adds up its part of the window. The new value lies in no thread's part: the first thread adds it.
  uint older = min(min(request.windowLength - 1u, count), CAPACITY - 1u);
  float sum = gl_LocalInvocationIndex == 0u ? request.value : 0.0;
  uint rounds = 0u;
  for (uint back = 1u + gl_LocalInvocationIndex; back <= older; back += gl_WorkGroupSize.x) {
    sum += history.values[(next + CAPACITY - back) % CAPACITY];
    rounds++;
  }
  spend(rounds);

  float subgroupSum = subgroupAdd(sum);
  if (subgroupElect()) sh_sums[gl_SubgroupID] = subgroupSum;
  barrier();
  if (gl_LocalInvocationIndex != 0u) return;

  float total = 0.0;
  for (uint index = 0u; index < gl_NumSubgroups; index++) total += sh_sums[index];
  spend(gl_NumSubgroups);
  history.values[next] = request.value;
  history.next = (next + 1u) % CAPACITY;
  history.count = min(count + 1u, CAPACITY);
  respond(slot, Response(total / float(older + 1u)));
}
