// remains: leaves the pattern in shared memory and in registers, or counts how much of it an earlier kernel left there.
//
// in   value = seed of the pattern; constant 1: PROBE_MODE_WRITE or PROBE_MODE_COUNT; constant 2: any number
// out  WRITE: answer[0] += an odd number made from the pattern, so that the compiler cannot omit the stores.
//      COUNT: answer[0] += matching words in shared memory, answer[1] += matching words in registers
// dispatch shape: any number of workgroups of 64
// reference: none. Nobody promises any of this: COUNT reads uninitialized memory on purpose, so any number is possible.
#version 460
#include "probe.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 1) const uint MODE = PROBE_MODE_WRITE;
// Any number. To the driver, a pipeline with another number is another program.
layout(constant_id = 2) const uint VARIANT = 0u;

const uint SHARED_WORDS = 3072u;
const uint REGISTER_BASE = 1u << 20;

shared uint sh_words[SHARED_WORDS];

uvec4 patternVector(uint index) {
  return uvec4(patternWord(index, probe.value), patternWord(index + 1u, probe.value),
               patternWord(index + 2u, probe.value), patternWord(index + 3u, probe.value));
}

uint wordsAlike(uvec4 a, uvec4 b) {
  uvec4 alike = uvec4(equal(a, b));
  return alike.x + alike.y + alike.z + alike.w;
}

void main() {
  uint thread = gl_LocalInvocationIndex;
  PlainWords answer = PlainWords(probe.answer);
  uvec4 kept0, kept1, kept2, kept3; // uninitialized on purpose
  uint base = REGISTER_BASE + thread * 16u;
  uint sum = 0u;
  if (MODE == PROBE_MODE_WRITE) {
    for (uint word = thread; word < SHARED_WORDS; word += gl_WorkGroupSize.x)
      sh_words[word] = patternWord(word, probe.value);
    kept0 = patternVector(base);
    kept1 = patternVector(base + 4u);
    kept2 = patternVector(base + 8u);
    kept3 = patternVector(base + 12u);
    barrier();
    // Each thread reads words that another thread stored, and uses its registers after the barrier. So the compiler
    // cannot omit either of them.
    for (uint word = thread; word < SHARED_WORDS; word += gl_WorkGroupSize.x) sum += sh_words[SHARED_WORDS - 1u - word];
    uvec4 all = kept0 + kept1 + kept2 + kept3;
    atomicAdd(answer.words[0], (sum + all.x + all.y + all.z + all.w) * (2u * VARIANT + 1u) | 1u);
  } else {
    for (uint word = thread; word < SHARED_WORDS; word += gl_WorkGroupSize.x) {
      if (sh_words[word] == patternWord(word, probe.value)) sum++;
    }
    atomicAdd(answer.words[0], sum);
    atomicAdd(answer.words[1],
              wordsAlike(kept0, patternVector(base)) + wordsAlike(kept1, patternVector(base + 4u)) +
                  wordsAlike(kept2, patternVector(base + 8u)) + wordsAlike(kept3, patternVector(base + 12u)));
  }
}
