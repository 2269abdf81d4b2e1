// stay: keeps the device for as many rounds as it is told, to see how long a driver lets it.
//
// in   limit rounds; control[0] not 0 ends it early; constant 1: not 0 for slow rounds
// out  answer[0] = rounds that were run, answer[1] = value: the kernel came to its end
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
  // Memory is read in every round, so the loop cannot be folded into its result.
  while (round < probe.limit && !isSet(control, SLOW != 0u)) round++;
  answer.words[0] = round;
  answer.words[1] = probe.value;
}
