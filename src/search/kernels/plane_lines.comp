// plane_lines: where the lines begin that planes.comp told of, and how many line feeds lie before them.
//
// in   places[i] = (segment, offset of the line feed that ends line i), as many as the answer says; the finished
//      newline index
// out  lines[i] = (line feeds of the segment before the line, offset of its first byte in the segment)
// dispatch shape: one thread a line, grid for `capacity` lines
// memory order relied on: the writes of planes.comp and of the index passes, through a barrier between the dispatches
// reference: src/search/reference/newlines.ts
#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_arithmetic : require

#extension GL_EXT_control_flow_attributes : require

#include "generated/scan.glsl"
#include "generated/planes.glsl"
#include "newlines.glsl"

layout(local_size_x = 64) in;
layout(push_constant, scalar) uniform LinesBlock { LinesLaunch launch; };
layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer AnswerIn { uvec4 vector; };
layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer PlacesIn { uvec2 places[]; };
layout(buffer_reference, scalar, buffer_reference_align = 8) writeonly buffer LinesOut { uvec2 lines[]; };

void main() {
  uint index = gl_GlobalInvocationID.x;
  uint count = AnswerIn(launch.answer).vector.y;
  if (count > launch.capacity || index >= count) return;
  uvec2 end = PlacesIn(launch.places).places[index];
  Place place = locateAlone(Segments(launch.segments).entries[end.x], end.y);
  LinesOut(launch.lines).lines[index] = uvec2(place.newlinesBefore, place.lineStart);
}
