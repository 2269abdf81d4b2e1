// interpret: runs the register form of WebAssembly, one instance a thread, for a bounded number of instructions.
//
// in   the program's lists; the state, slots and cells of the instances that run
// out  the same, further on; counters of what the instances do now
// dispatch shape: one thread an instance, grid of any size
// memory order relied on: none between threads: an instance is one thread's own
// reference: src/wasm/reference/machine.ts
//
// The only loop is the one over instructions. It ends after `quantum` rounds at the latest. An instance that has not
// ended then goes on in the next run: all its state lies in memory. A driver may end the loop earlier without a word.
// Then an instance still runs, and instructions of its quantum are missing: their sum tells the host. (A comparison
// would not: compilers know that the condition of a loop does not hold behind it.)
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

layout(local_size_x = MACHINE_WORKGROUP_SIZE) in;
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Counters { WasmCounters counts; };

void zeroSlots(uint first, uint count) {
  writeSlot(base + first, 0ul);
  if (count > 1u) writeSlot(base + first + 1u, 0ul);
  if (count > 2u) writeSlot(base + first + 2u, 0ul);
  if (count > 3u) writeSlot(base + first + 3u, 0ul);
}

uint64_t tableOperation(uint op, uint table, uint64_t a, uint64_t b) {
  uint index = uint(a);
  if (index >= readCell(tableSizeCell(table))) {
    raise(TRAP_TABLE_BOUNDS);
    return 0ul;
  }
  uint cell = tableCells(table) + index;
  if (op == OP_TABLE_GET) return uint64_t(readCell(cell));
  writeCell(cell, uint(b));
  return 0ul;
}

// Instructions that change where the instance goes on, and those that only move values.
uint64_t controlOperation(uint op, uint c, uint target, uint64_t a, uint64_t b) {
  switch (op) {
    case OP_MOVE: return a;
    case OP_SELECT: return readSlot(base + c) != 0ul ? a : b;
    case OP_JUMP: pc = target; break;
    case OP_TABLE_JUMP: pc = word(uint(b) + min(uint(a), target - 1u)); break;
    case OP_RETURN: returnFromFunction(); break;
    case OP_CALL: enterFunction(target, uint(b)); break;
    case OP_CALL_INDIRECT: callIndirect(c, uint(a), target, uint(b)); break;
    case OP_HOST_CALL:
      hostCall = target;
      status = STATUS_WAITING;
      break;
    case OP_ZERO: zeroSlots(target, uint(b)); break;
    case OP_TABLE_GET:
    case OP_TABLE_SET: return tableOperation(op, c, a, b);
    default: raise(TRAP_UNREACHABLE); break;
  }
  return 0ul;
}

uint64_t memoryOperation(uint op, uint c, uint target, uint64_t a, uint64_t b) {
  if (op < OP_FIRST_STORE) return loadOperation(op - OP_FIRST_LOAD, c, a + b);
  if (op == OP_MEMORY_SIZE) return uint64_t(memoryPages(c));
  if (op == OP_MEMORY_GROW) return growMemory(c, uint(a));
  storeOperation(op - OP_FIRST_STORE, c, a + uint64_t(target), b);
  return 0ul;
}

uint64_t manyOperation(uint op, uint c, uint target, uint64_t b, uint here) {
  if (op == OP_TABLE_SIZE) return uint64_t(readCell(tableSizeCell(c)));
  if (op == OP_TABLE_GROW) return tableGrow(c, uint(b));
  if (op == OP_DATA_DROP || op == OP_ELEM_DROP) writeCell(droppedCell(target), 1u);
  else bulkOperation(op, c, target, uint(b), here);
  return 0ul;
}

// Runs the instruction at `pc`.
void step() {
  uint here = pc;
  uvec4 words = Instruction(launch.code + (uint64_t(here) << 4)).words;
  uint op = words.x & ((1u << FIELD_OPERATION_BITS) - 1u);
  uint mode = (words.x >> FIELD_MODE_AT) & 3u;
  uint c = words.x >> FIELD_C_AT;
  uint target = words.y;
  uint64_t a = operand((words.x >> FIELD_KIND_A_AT) & 3u, words.z);
  uint64_t b = operand((words.x >> FIELD_KIND_B_AT) & 3u, words.w);
  pc = here + 1u;
  bool isLane = op >= OP_LANE_FIRST;
  if (isLane) {
    op -= OP_LANE_FIRST;
    a = readLane(a, laneField(c, LANE_A_AT, 3u), c);
    b = readLane(b, laneField(c, LANE_B_AT, 3u), c);
  }
  uint64_t result;
  if (isLane || (op >= OP_I32_EQZ && op < OP_MEMORY_INIT)) result = numericOperation(op, a, b, trap);
  else if (op >= OP_MEMORY_INIT) result = manyOperation(op, c, target, b, here);
  else if (op >= OP_FIRST_LOAD) result = memoryOperation(op, c, target, a, b);
  else result = controlOperation(op, c, target, a, b);
  if (trap != TRAP_NONE) {
    status = STATUS_TRAPPED;
    pc = here;
    return;
  }
  if (isLane) {
    writeSlot(base + target, withLane(readSlot(base + target), result, c, mode));
  } else if (mode == MODE_WRITE) {
    bool isGlobal = ((words.x >> FIELD_GLOBAL_AT) & 1u) != 0u;
    writeSlot(isGlobal ? target : base + target, result);
  } else if (mode != MODE_NOTHING) {
    if ((result != 0ul) == (mode == MODE_BRANCH_IF)) pc = target;
  }
}

// Whether a compiled program runs the instance.
bool isCompiled() {
  return launch.leastFuel != 0u && readFuel() >= uint64_t(launch.leastFuel);
}

// Returns how many instructions ran.
uint runLane() {
  loadState();
  uint64_t fuel = readFuel();
  uint allowed = uint(min(fuel, uint64_t(launch.quantum)));
  uint used = 0u;
  while (used < allowed && status == STATUS_RUNNING) {
    step();
    used++;
  }
  fuel -= uint64_t(used);
  if (status == STATUS_RUNNING && fuel == 0ul) {
    status = STATUS_TRAPPED;
    trap = TRAP_OUT_OF_FUEL;
  }
  saveState(fuel);
  return used;
}

void main() {
  uint instance = gl_GlobalInvocationID.x;
  status = STATUS_IDLE;
  uint used = 0u;
  uint unused = 0u;
  if (instance < launch.instanceCount) {
    openLane(instance);
    status = readCell(STATE_STATUS);
    if (status == STATUS_RUNNING && !isCompiled()) {
      used = runLane();
      unused = launch.quantum - used;
    }
  }
  uint running = subgroupAdd(status == STATUS_RUNNING ? 1u : 0u);
  uint waiting = subgroupAdd(status == STATUS_WAITING ? 1u : 0u);
  uint missing = subgroupAdd(status == STATUS_RUNNING ? unused : 0u);
  uint steps = subgroupMax(used);
  if (!subgroupElect()) return;
  Counters counters = Counters(launch.counters);
  if (running != 0u) atomicAdd(counters.counts.running, running);
  if (waiting != 0u) atomicAdd(counters.counts.waiting, waiting);
  if (missing != 0u) atomicAdd(counters.counts.missing, missing);
  if (steps != 0u) atomicMax(counters.counts.steps, steps);
}
