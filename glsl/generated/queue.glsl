// Written by scripts/gen-glsl.ts from the schema in src; do not edit.
// The work queue between a host and a resident kernel.
// Needs: GL_EXT_shader_explicit_arithmetic_types_int64.

// The work queue's shape.
// A slot: a header of four vectors, then payload.
const uint QUEUE_SLOT_BYTES = 256u;
const uint QUEUE_SLOT_VECTORS = 16u;
// Vectors sealed with the sequence number.
const uint QUEUE_HEADER_VECTORS = 4u;
// Payload words in the header.
const uint QUEUE_HEADER_WORDS = 12u;
const uint QUEUE_COMPLETION_BYTES = 16u;
// Control blocks lie on cache lines of their own.
const uint QUEUE_CONTROL_STRIDE_BYTES = 64u;
// Requests that one poll looks at, and one pass can share.
const uint QUEUE_REQUESTS_PER_POLL = 8u;
// Low bits of a counter that count workgroups; the others sum their contributions.
const uint QUEUE_ARRIVAL_BITS = 16u;
const uint QUEUE_ARRIVAL_MASK = 65535u;

// Written by the host, polled by the kernel.
struct Control { // 16 bytes
  // not 0: end at the next poll
  uint stopFlag; // at 0
  // the first request that this launch is to take
  uint firstSequence; // at 4
  // the last one, in bounded launches
  uint lastSequence; // at 8
  uint reserved[1]; // at 12
};

// Push constants of every kernel that includes residency.glsl.
struct Launch { // 72 bytes
  // address of this launch's Control
  uint64_t control; // at 0
  // address of the slots
  uint64_t slots; // at 8
  // address of the completions
  uint64_t completions; // at 16
  // address of a 64-bit counter a slot
  uint64_t counters; // at 24
  // address of a word a workgroup, in which it signs in
  uint64_t alive; // at 32
  // address of the kernel's own tables
  uint64_t inputs; // at 40
  // address of the kernel's own results
  uint64_t outputs; // at 48
  // number of slots less one
  uint slotMask; // at 56
  // what workgroups sign in with
  uint launchId; // at 60
  // not 0: end after lastSequence
  uint bounded; // at 64
  // idle polls after which to end; 0: none
  uint pollLimit; // at 68
};

struct LoopProbe { // 8 bytes
  uint64_t rounds; // at 0
};
