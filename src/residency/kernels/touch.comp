// touch: the smallest dispatch. It measures the cost of a dispatch alone.
//
// in   value
// out  answer[0] = value
// dispatch shape: one workgroup of one thread
// reference: none, the value itself
#version 460
#include "probe.glsl"

layout(local_size_x = 1) in;

void main() { SeenWords(probe.answer).words[0] = probe.value; }
