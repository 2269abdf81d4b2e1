// compiled: runs a compiled program of WebAssembly, one instance a thread, for a bounded number of instructions.
//
// in   the state, slots and cells of the instances that run
// out  the same, further on, as the interpreter leaves them
// dispatch shape: one thread an instance, grid of any size
// memory order relied on: none between threads: an instance is one thread's own
// reference: src/wasm/reference/machine.ts, and interpret.comp
//
// "wasm-program.glsl" is made for a program (src/wasm/compile). Instances whose fuel may end on the way to the next
// look at it are left to the interpreter, which runs behind this kernel and finds the instruction at which it ends.
#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

#include "generated/wasm-machine.glsl"
#include "numeric.glsl"
#include "lane.glsl"
#include "memory.glsl"
#include "bulk.glsl"
#include "calls.glsl"
#include "lanes.glsl"
#include "compiled.glsl"
#include "wasm-program.glsl"

layout(local_size_x = MACHINE_WORKGROUP_SIZE) in;
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Counters { WasmCounters counts; };

// Returns how many instructions ran.
uint runLane() {
  uint64_t fuel = readFuel();
  if (fuel < uint64_t(launch.leastFuel)) return 0u;
  loadState();
  resume = pc;
  uint allowed = uint(min(fuel, uint64_t(launch.quantum)));
  budget = int(allowed);
  isInMemory = true;
  beginProgram();
  // Each round runs something, or is the last one.
  for (uint round = 0u; round < allowed && isInMemory && status == STATUS_RUNNING; round++) {
    if (budget < int(launch.leastFuel) || !loadFrame()) break;
    runProgram();
  }
  if (!isInMemory && status != STATUS_TRAPPED) saveFrames();
  endProgram();
  uint used = allowed - uint(budget);
  fuel -= uint64_t(used);
  pc = resume;
  saveState(fuel);
  return used;
}

void main() {
  uint instance = gl_GlobalInvocationID.x;
  uint used = 0u;
  if (instance < launch.instanceCount) {
    openLane(instance);
    status = readCell(STATE_STATUS);
    if (status == STATUS_RUNNING) used = runLane();
  }
  // The interpreter counts what instances do.
  uint steps = subgroupMax(used);
  if (steps != 0u && subgroupElect()) atomicMax(Counters(launch.counters).counts.steps, steps);
}
