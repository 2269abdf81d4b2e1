// traffic: writes the pattern to memory, reads memory, or counts how much of the pattern is there.
//
// in   target: `count` vectors of 16 bytes; mode; value = seed of the pattern; limit = rounds of a thread
// out  WRITE: the pattern in target. READ: answer[0] += sum of all words. COUNT: answer[0] += words that match the
//      pattern. CHASE: the first thread reads `limit` vectors, each after the previous one has arrived
// dispatch shape: any number of workgroups of 64; each thread takes every n-th vector, n = number of threads
// reference: src/residency/reference/pattern.ts for the pattern; sums and counts by hand
#version 460
#include "probe.glsl"

layout(local_size_x = 64) in;

// The distance, in vectors, of two reads of a chase. It is a prime. So a chase visits all of a buffer whose size is a
// power of two, and consecutive reads never share a cache line.
const uint CHASE_STRIDE = 1031u;

void chase() {
  PlainVectors target = PlainVectors(probe.target);
  uint vector = 0u;
  uint sum = 0u;
  for (uint step = 0u; step < probe.limit; step++) {
    uvec4 found = target.vectors[vector];
    sum += found.x;
    // The pattern never contains a zero vector, but the compiler does not know that. So the next address depends on
    // this vector.
    uint detour = found == uvec4(0u) ? 1u : 0u;
    vector = (vector + CHASE_STRIDE + detour) % probe.count;
  }
  if (sum != 0u) atomicAdd(PlainWords(probe.answer).words[0], sum);
}

void main() {
  if (probe.mode == PROBE_MODE_CHASE) {
    if (gl_GlobalInvocationID.x == 0u) chase();
    return;
  }
  PlainVectors target = PlainVectors(probe.target);
  uint threads = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  uint sum = 0u;
  uint vector = gl_GlobalInvocationID.x;
  for (uint round = 0u; round < probe.limit && vector < probe.count; round++) {
    uint first = vector * 4u;
    uvec4 wanted = uvec4(patternWord(first, probe.value), patternWord(first + 1u, probe.value),
                         patternWord(first + 2u, probe.value), patternWord(first + 3u, probe.value));
    if (probe.mode == PROBE_MODE_WRITE) {
      target.vectors[vector] = wanted;
    } else {
      uvec4 found = target.vectors[vector];
      uvec4 part = probe.mode == PROBE_MODE_READ ? found : uvec4(equal(found, wanted));
      sum += part.x + part.y + part.z + part.w;
    }
    vector += threads;
  }
  if (sum != 0u) atomicAdd(PlainWords(probe.answer).words[0], sum);
}
