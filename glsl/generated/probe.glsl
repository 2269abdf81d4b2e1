// Written by scripts/gen-glsl.ts from the schema in src; do not edit.
// The structs and constants that probe kernels and the host share.
// Needs: GL_EXT_shader_explicit_arithmetic_types_int64.

// Push constants of all probe kernels. Each kernel uses some of them.
struct Probe { // 40 bytes
  // address of the memory under test
  uint64_t target; // at 0
  // address of the results for the host
  uint64_t answer; // at 8
  // address of a word that the host sets to end the kernel
  uint64_t control; // at 16
  // number of rounds, vectors or words
  uint count; // at 24
  // one of PROBE_MODE
  uint mode; // at 28
  // loop rounds after which the kernel ends in any case
  uint limit; // at 32
  // seed of a pattern, or a value to write
  uint value; // at 36
};

// What a probe kernel does with memory.
// Write the pattern.
const uint PROBE_MODE_WRITE = 0u;
// Read and sum.
const uint PROBE_MODE_READ = 1u;
// Count matching words.
const uint PROBE_MODE_COUNT = 2u;
// Read vectors one by one, each after the previous one has arrived. This measures latency, not throughput.
const uint PROBE_MODE_CHASE = 3u;

// Words of the occupancy probe in device memory.
// Number of taken tickets, which is the next ticket.
const uint OCCUPANCY_TICKETS = 0u;
// Set by the first workgroup that leaves. Later workgroups do not count.
const uint OCCUPANCY_CLOSED = 1u;
const uint OCCUPANCY_WORDS = 2u;
