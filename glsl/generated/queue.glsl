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
// Control blocks lie on cache lines of their own.
const uint QUEUE_CONTROL_STRIDE_BYTES = 64u;
// Requests of a priority that one poll looks at, and one pass can share.
const uint QUEUE_REQUESTS_PER_POLL = 8u;
// Low bits of a counter that count workgroups; the others sum their contributions.
const uint QUEUE_ARRIVAL_BITS = 16u;
const uint QUEUE_ARRIVAL_MASK = 65535u;
// Priority 0 takes requests in their turn; priority 1 is urgent and looked at first.
const uint QUEUE_PRIORITIES_MAX = 2u;

// What a launch is doing, or why it ended.
// It polls, or works.
const uint PHASE_RUNNING = 1u;
// It saw the stop flag.
const uint PHASE_STOPPED = 2u;
// Its ticks, or its rounds of loops, were spent.
const uint PHASE_LEASE_OVER = 3u;
// There was nothing to do for as long as it was told to wait.
const uint PHASE_IDLE = 4u;
// A bounded launch has taken its last request.
const uint PHASE_DONE = 5u;
// It polled in vain as often as it may: a probe, or a host that is not seen.
const uint PHASE_POLL_LIMIT = 6u;
// The driver ended loops early; what was being performed is worth nothing.
const uint PHASE_LOOP_LIMIT = 7u;

// Where every workgroup stands: offsets in bytes.
const uint CURSORS_WORKGROUPS_MAX = 65536u;
// The sums of the heartbeat, over all launches.
const uint CURSORS_TOTALS = 0u;
// The launch that is to end, raised by the first workgroup that leaves.
const uint CURSORS_PARK_EPOCH = 128u;
// Why the last launch ended, and the low word of the device's clock then.
const uint CURSORS_END = 136u;
// A word a priority and workgroup: the last request that it finished.
const uint CURSORS_DONE = 256u;
// A word a workgroup: requests that it finished, where there are two priorities.
const uint CURSORS_TAKEN = 524544u;
// Two words a priority and workgroup: how far the unfinished request has come.
const uint CURSORS_PROGRESS = 786688u;
const uint CURSORS_BYTES = 1835264u;

// Words of the heartbeat: three in each vector, all sealed with the launch's epoch. From TICKS on 64-bit sums over all launches.
const uint HEARTBEAT_PHASE = 0u;
// Rounds of loops that this launch has spent.
const uint HEARTBEAT_ROUNDS = 1u;
// Ticks between the end of the lease before and the beginning of this launch; 0 where none was over.
const uint HEARTBEAT_GAP_TICKS = 2u;
const uint HEARTBEAT_TICKS = 3u;
const uint HEARTBEAT_POLLS = 5u;
const uint HEARTBEAT_REQUESTS = 7u;
const uint HEARTBEAT_BUSY_TICKS = 9u;
const uint HEARTBEAT_ACTIVE_LANES = 11u;
const uint HEARTBEAT_COUNTED_LANES = 13u;
const uint HEARTBEAT_VECTORS = 5u;
// Written by a workgroup that found that loops end early: the phase, the workgroup, rounds spent.
const uint HEARTBEAT_FAULT_VECTOR = 5u;
const uint HEARTBEAT_BYTES = 128u;

// Written by the host, polled by the kernel: the first vector at every poll.
struct Control { // 64 bytes
  // not 0: end at the next border of a request
  uint stopFlag; // at 0
  // the last request of priority 0 that a bounded launch takes
  uint lastNormal; // at 4
  // the same of priority 1
  uint lastUrgent; // at 8
  // another number whenever something below was changed while the launch runs
  uint settings; // at 12
  // number of the launch
  uint epoch; // at 16
  // rounds of loops after which to end, where the driver limits them; 0: no limit
  uint roundBudget; // at 20
  // share of the time to work in, of 65536
  uint dutyShare; // at 24
  // longest pause between two polls
  uint dozeTicksMax; // at 28
  // ticks after which to end; 0: none
  uint64_t leaseTicks; // at 32
  // idle ticks after which to end; 0: never
  uint64_t idleTicks; // at 40
  // idle ticks after which pauses begin; 0: never
  uint64_t dozeTicks; // at 48
  uint reserved[2]; // at 56
};

// Push constants of every kernel that includes residency.glsl.
struct Launch { // 100 bytes
  // address of this launch's Control
  uint64_t control; // at 0
  // address of the slots, priority after priority
  uint64_t slots; // at 8
  // address of the completions, priority after priority
  uint64_t completions; // at 16
  // address of a 64-bit counter a slot
  uint64_t counters; // at 24
  // address of a word a workgroup, in which it signs in
  uint64_t alive; // at 32
  // address of the heartbeat
  uint64_t heartbeat; // at 40
  // address of the cursors
  uint64_t cursors; // at 48
  // address of the kernel's own tables
  uint64_t inputs; // at 56
  // address of the kernel's own results
  uint64_t outputs; // at 64
  // address of the state that outlives launches
  uint64_t state; // at 72
  // number of slots of a priority less one
  uint slotMask; // at 80
  // not 0: end after the last requests named in Control
  uint bounded; // at 84
  // idle polls after which to end; 0: none
  uint pollLimit; // at 88
  // vectors of a completion
  uint completionVectors; // at 92
  // rounds of the loop that shows whether loops still turn; 0: none
  uint canaryRounds; // at 96
};
