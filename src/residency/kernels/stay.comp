// stay: runs for a given number of rounds, to find out how long a driver lets a kernel run.
//
// in   limit = rounds; control[0] not 0 ends the loop early; constant 1: not 0 for slow rounds
// out  answer[0] = rounds that ran, answer[1] = value, if the kernel reached its end
// dispatch shape: one workgroup of one thread
// reference: none, the number itself
#version 460
#include "probe.glsl"

layout(local_size_x = 1) in;
layout(constant_id = 1) const uint SLOW = 0u;

void main() {
  SeenWords control = SeenWords(probe.control);
  SeenWords answer = SeenWords(probe.answer);
  uint round = 0u;
  // Every round reads memory, so the compiler cannot replace the loop by its result.
  while (round < probe.limit && !isSet(control, SLOW != 0u)) round++;
  answer.words[0] = round;
  answer.words[1] = probe.value;
}
