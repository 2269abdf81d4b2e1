// numeric: numeric instructions for lists of operands. It finds out whether a device computes exactly.
//
// in   rows of operation, operand a, operand b
// out  for each row the result, and why it trapped (0: it did not)
// dispatch shape: one thread a row, grid of any size
// memory order relied on: none
// reference: src/wasm/reference/numeric.ts
#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

#include "generated/wasm-machine.glsl"
#include "numeric.glsl"

layout(local_size_x = 64) in;
layout(push_constant, scalar) uniform LaunchBlock { NumericLaunch launch; };
layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer Questions { NumericQuestion rows[]; };
layout(buffer_reference, scalar, buffer_reference_align = 8) writeonly buffer Answers { NumericAnswer rows[]; };

void main() {
  uint index = gl_GlobalInvocationID.x;
  if (index >= launch.count) return;
  NumericQuestion question = Questions(launch.questions).rows[index];
  uint trap = TRAP_NONE;
  uint64_t bits = numericOperation(question.operation, question.a, question.b, trap);
  Answers(launch.answers).rows[index] = NumericAnswer(bits, trap, 0u);
}
