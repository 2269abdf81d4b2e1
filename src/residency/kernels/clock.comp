// clock: reads the device's clock, so that the host can lay its own beside it.
//
// out  answer[0..1] = the clock, low word first; answer[2] = value, to show that it was written now
// dispatch shape: one workgroup of one thread; only on devices with shaderDeviceClock
// twin: none, the host's clock
#version 460
#extension GL_EXT_shader_realtime_clock : require
#include "probe.glsl"

layout(local_size_x = 1) in;

void main() {
  uint64_t now = clockRealtimeEXT();
  SeenWords answer = SeenWords(probe.answer);
  answer.words[0] = uint(now);
  answer.words[1] = uint(now >> 32);
  answer.words[2] = probe.value;
}
