/** What the examples of rules begin with: the declarations that kernels of one kind share. */

/** A buffer of words. */
export const DATA_HEAD = `layout(local_size_x = 64) in;
layout(set = 0, binding = 0) buffer Data { uint words[]; };
`;

/** The addresses that a poll loop is given. */
export const POLL_HEAD = `#extension GL_EXT_buffer_reference : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
layout(local_size_x = 64) in;
layout(buffer_reference, std430) buffer Words { uint words[]; };
layout(push_constant) uniform Push { uint64_t control; uint64_t slots; uint64_t state; };
`;

/** The same, with completions. */
export const COMPLETIONS_HEAD = `#extension GL_EXT_buffer_reference : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_KHR_memory_scope_semantics : require
layout(local_size_x = 64) in;
layout(buffer_reference, std430) buffer Words { uint words[]; };
layout(buffer_reference, std430) buffer Vectors { uvec4 vectors[]; };
layout(push_constant) uniform Push {
  uint64_t control, slots, completions, state;
  uint completionVectors;
};
`;
