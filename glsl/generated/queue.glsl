// Written by scripts/gen-glsl.ts from the schema in src; do not edit.
// The work queue between a host and a resident kernel.
// Needs: GL_EXT_shader_explicit_arithmetic_types_int64.

// The sizes of the work queue.
// Size of a slot: a header of four vectors, then more payload.
const uint QUEUE_SLOT_BYTES = 256u;
const uint QUEUE_SLOT_VECTORS = 16u;
// Vectors of the header, each sealed with the sequence number.
const uint QUEUE_HEADER_VECTORS = 4u;
// Payload words in the header, without the seals.
const uint QUEUE_HEADER_WORDS = 12u;
// Distance of control blocks, so that each has its own cache line.
const uint QUEUE_CONTROL_STRIDE_BYTES = 64u;
// Maximum requests of a priority in one poll and one batch.
const uint QUEUE_REQUESTS_PER_POLL = 8u;
// Low bits of a counter, which count workgroups. The high bits sum contributions.
const uint QUEUE_ARRIVAL_BITS = 16u;
const uint QUEUE_ARRIVAL_MASK = 65535u;
// Priority 0 is normal. Priority 1 is urgent and polled first.
const uint QUEUE_PRIORITIES_MAX = 2u;

// The state of a launch, or the reason for its end.
// It polls or works.
const uint PHASE_RUNNING = 1u;
// It saw the stop flag.
const uint PHASE_STOPPED = 2u;
// It used up its ticks or its loop rounds.
const uint PHASE_LEASE_OVER = 3u;
// It was idle for the allowed time.
const uint PHASE_IDLE = 4u;
// It was bounded, and took its last request.
const uint PHASE_DONE = 5u;
// It reached its limit of idle polls. Only probes have one.
const uint PHASE_POLL_LIMIT = 6u;
// The driver ended loops early, so the current batch has no valid result.
const uint PHASE_LOOP_LIMIT = 7u;

// The cursors of all workgroups: offsets in bytes.
const uint CURSORS_WORKGROUPS_MAX = 65536u;
// The totals of the heartbeat over all launches.
const uint CURSORS_TOTALS = 0u;
// The epoch of a launch that is ending; the first workgroup that leaves writes it.
const uint CURSORS_PARK_EPOCH = 128u;
// Why the last launch ended, and the low clock word at its end.
const uint CURSORS_END = 136u;
// One word per priority and workgroup: the last request that it finished.
const uint CURSORS_DONE = 256u;
// One word per workgroup: the number of finished requests, if there are two priorities.
const uint CURSORS_TAKEN = 524544u;
// Two words per priority and workgroup: the progress of its suspended request.
const uint CURSORS_PROGRESS = 786688u;
const uint CURSORS_BYTES = 1835264u;

// Words of the heartbeat: three in each vector, sealed with the launch's epoch. From TICKS on, 64-bit totals over all launches.
const uint HEARTBEAT_PHASE = 0u;
// Loop rounds of this launch.
const uint HEARTBEAT_ROUNDS = 1u;
// Ticks from the end of the previous lease to the beginning of this launch; 0 without a previous lease.
const uint HEARTBEAT_GAP_TICKS = 2u;
const uint HEARTBEAT_TICKS = 3u;
const uint HEARTBEAT_POLLS = 5u;
const uint HEARTBEAT_REQUESTS = 7u;
const uint HEARTBEAT_BUSY_TICKS = 9u;
const uint HEARTBEAT_ACTIVE_LANES = 11u;
const uint HEARTBEAT_COUNTED_LANES = 13u;
const uint HEARTBEAT_VECTORS = 5u;
// A workgroup that found loops ended early writes it: the phase, the workgroup, its loop rounds.
const uint HEARTBEAT_FAULT_VECTOR = 5u;
const uint HEARTBEAT_BYTES = 128u;

// The host writes it. The kernel reads the first vector at every poll.
struct Control { // 64 bytes
  // not 0: end after the current request
  uint stopFlag; // at 0
  // the last request of priority 0 that a bounded launch takes
  uint lastNormal; // at 4
  // the same for priority 1
  uint lastUrgent; // at 8
  // changes whenever a field below changes during a launch
  uint settings; // at 12
  // number of the launch
  uint epoch; // at 16
  // loop rounds after which to end, if the driver limits loops; 0: no limit
  uint roundBudget; // at 20
  // share of the time for work, of 65536
  uint dutyShare; // at 24
  // longest pause between two polls, in ticks
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
  // address of the slots, ordered by priority
  uint64_t slots; // at 8
  // address of the completions, ordered by priority
  uint64_t completions; // at 16
  // address of the arrival counters, 64 bits per slot
  uint64_t counters; // at 24
  // address of one word per workgroup, where it signs in
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
  // slots of a priority minus one
  uint slotMask; // at 80
  // not 0: end after the last requests that Control names
  uint bounded; // at 84
  // idle polls after which to end; 0: none
  uint pollLimit; // at 88
  // vectors of a completion
  uint completionVectors; // at 92
  // rounds of the canary loop, which detects loops that the driver ended; 0: none
  uint canaryRounds; // at 96
};
