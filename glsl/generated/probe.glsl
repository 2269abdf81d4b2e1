// Written by scripts/gen-glsl.ts from the schema in src; do not edit.
// What probe kernels and the host share.
// Needs: GL_EXT_shader_explicit_arithmetic_types_int64.

// Push constants of all probe kernels; each uses what it needs.
struct Probe { // 40 bytes
  // address of what is looked at
  uint64_t target; // at 0
  // address of what the host reads
  uint64_t answer; // at 8
  // address of a word that the host sets to end the kernel
  uint64_t control; // at 16
  // how much: rounds, vectors, words
  uint count; // at 24
  // one of PROBE_MODE
  uint mode; // at 28
  // rounds of loops after which the kernel ends, whatever else happens
  uint limit; // at 32
  // seed of a pattern, or a value to write
  uint value; // at 36
};

// What a probe kernel does with memory.
// Leave the pattern.
const uint PROBE_MODE_WRITE = 0u;
// Read, and keep a sum.
const uint PROBE_MODE_READ = 1u;
// Count the words of the pattern.
const uint PROBE_MODE_COUNT = 2u;
// Read one vector after another, each only when the one before has come: how long a read takes, not how many go at a time.
const uint PROBE_MODE_CHASE = 3u;

// Words in device memory of the occupancy probe.
// Tickets taken: the next workgroup's number.
const uint OCCUPANCY_TICKETS = 0u;
// Set by whoever leaves first; who comes then was not there together with the others.
const uint OCCUPANCY_CLOSED = 1u;
const uint OCCUPANCY_WORDS = 2u;
