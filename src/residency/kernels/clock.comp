// clock: reads the device's clock, so that the host can compare it with its own clock.
//
// in   nothing
// out  answer[0] = low word of the clock (Mesa's software driver may take the high word at another moment)
// dispatch shape: one workgroup of one thread; only on devices with shaderDeviceClock
// reference: none, the host's clock
#version 460
#extension GL_EXT_shader_realtime_clock : require
#include "probe.glsl"

layout(local_size_x = 1) in;

void main() { SeenWords(probe.answer).words[0] = uint(clockRealtimeEXT()); }
