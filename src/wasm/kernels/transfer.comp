// transfer: copies between columns, which have a row for each instance, and the registers of instances.
//
// in   columns of arguments, or the slots and states of instances that share buffers. Columns and states begin with the
//      first of them
// out  the same, on the other side
//      BEGINS=1   columns are arguments: every instance begins a call
//      ANSWERS=1  columns are the host's answers: instances that wait go on, or trap as their state says
//      otherwise  columns are results, or what an instance that waits gives to the host
// dispatch shape: one thread an instance, grid of any size
// memory order relied on: none between threads
// variant: BEGINS=1
// variant: ANSWERS=1
#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

#include "generated/wasm-machine.glsl"

layout(local_size_x = MACHINE_WORKGROUP_SIZE) in;
layout(push_constant, scalar) uniform LaunchBlock { WasmTransfer launch; };
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Slots { uint64_t values[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Cells { uint values[]; };
layout(buffer_reference, scalar, buffer_reference_align = 16) buffer States { uvec4 values[]; };

uint64_t placeOf(uint instance, uint perInstance) {
  uint64_t group = uint64_t(instance >> launch.laneShift);
  uint lane = instance & ((1u << launch.laneShift) - 1u);
  return ((group * uint64_t(perInstance)) << launch.laneShift) | uint64_t(lane);
}

void main() {
  uint instance = gl_GlobalInvocationID.x;
  if (instance >= launch.instanceCount) return;
  Slots slots = Slots(launch.slotMemory + (placeOf(instance, launch.slotsPerInstance) << 3));
  Cells cells = Cells(launch.cellMemory + (placeOf(instance, launch.cellsPerInstance) << 2));
  Slots columns = Slots(launch.columns);
#ifdef BEGINS
  uint base = launch.firstSlot;
#else
  uint base = cells.values[STATE_BASE << launch.laneShift];
#endif
#ifdef ANSWERS
  if (cells.values[STATE_STATUS << launch.laneShift] != STATUS_WAITING) return;
#endif
  for (uint column = 0u; column < launch.columnCount; column++) {
    // An instance that waits may stand at the end of its registers.
    if (base + column >= launch.slotsPerInstance) continue;
    uint slot = (base + column) << launch.laneShift;
    uint row = column * launch.rowCount + instance;
#if defined(BEGINS) || defined(ANSWERS)
    slots.values[slot] = columns.values[row];
#else
    columns.values[row] = slots.values[slot];
#endif
  }
#ifdef BEGINS
  cells.values[STATE_STATUS << launch.laneShift] = STATUS_RUNNING;
  cells.values[STATE_TRAP << launch.laneShift] = 0u;
  cells.values[STATE_PC << launch.laneShift] = launch.start;
  cells.values[STATE_BASE << launch.laneShift] = launch.firstSlot;
  cells.values[STATE_DEPTH << launch.laneShift] = 0u;
  cells.values[STATE_FUEL_LOW << launch.laneShift] = launch.fuelLow;
  cells.values[STATE_FUEL_HIGH << launch.laneShift] = launch.fuelHigh;
#elif defined(ANSWERS)
  uint trap = States(launch.states).values[instance].y;
  cells.values[STATE_STATUS << launch.laneShift] = trap == 0u ? STATUS_RUNNING : STATUS_TRAPPED;
  cells.values[STATE_TRAP << launch.laneShift] = trap;
#else
  States(launch.states).values[instance] =
      uvec4(cells.values[STATE_STATUS << launch.laneShift], cells.values[STATE_TRAP << launch.laneShift],
            cells.values[STATE_PC << launch.laneShift], cells.values[STATE_HOST_CALL << launch.laneShift]);
#endif
}
