// copy: copies between a list and the same elements of instances.
//
// in   a list of slots or cells
// out  the same elements in every instance of a range; with COLLECTS=1, the list from the first of these instances
// dispatch shape: x: one thread an instance; y: MACHINE_COPY_ELEMENTS elements a thread
// memory order relied on: none between threads
// variant: COLLECTS=1
#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

#include "generated/wasm-machine.glsl"

layout(local_size_x = MACHINE_WORKGROUP_SIZE) in;
layout(push_constant, scalar) uniform LaunchBlock { WasmCopy launch; };
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Words { uint values[]; };

void copyWord(uint64_t memory, uint64_t list) {
#ifdef COLLECTS
  Words(list).values[0] = Words(memory).values[0];
#else
  Words(memory).values[0] = Words(list).values[0];
#endif
}

void main() {
  uint row = gl_GlobalInvocationID.x;
  if (row >= launch.instanceCount) return;
  uint instance = launch.firstInstance + row;
  uint64_t group = uint64_t(instance >> launch.laneShift);
  uint64_t lane = uint64_t(instance & ((1u << launch.laneShift) - 1u));
  uint begin = gl_WorkGroupID.y * MACHINE_COPY_ELEMENTS;
  uint end = min(begin + MACHINE_COPY_ELEMENTS, launch.elementCount);
  uint64_t bytes = uint64_t(launch.elementWords) * 4ul;
  for (uint index = begin; index < end; index++) {
    uint64_t element = group * uint64_t(launch.elementsPerInstance) + uint64_t(launch.firstElement + index);
    uint64_t memory = launch.memory + ((element << launch.laneShift) | lane) * bytes;
    uint64_t list = launch.list + uint64_t(index) * bytes;
    copyWord(memory, list);
    if (launch.elementWords == 2u) copyWord(memory + 4ul, list + 4ul);
  }
}
