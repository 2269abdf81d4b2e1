/**
 * The data that a resident kernel and its host share: the queue, the control block, cursors, heartbeat, launch
 * constants.
 */
import { constants, doc, glslModule, padding, struct, u32, u64 } from "../../schema/index.ts";

/** The sizes of the work queue. */
export const Queue = constants(
  "QUEUE",
  {
    SLOT_BYTES: 256,
    SLOT_VECTORS: 16,
    HEADER_VECTORS: 4,
    HEADER_WORDS: 12,
    CONTROL_STRIDE_BYTES: 64,
    REQUESTS_PER_POLL: 8,
    ARRIVAL_BITS: 16,
    ARRIVAL_MASK: 0xffff,
    PRIORITIES_MAX: 2,
  },
  {
    doc: "The sizes of the work queue.",
    docs: {
      SLOT_BYTES: "Size of a slot: a header of four vectors, then more payload.",
      HEADER_VECTORS: "Vectors of the header, each sealed with the sequence number.",
      HEADER_WORDS: "Payload words in the header, without the seals.",
      CONTROL_STRIDE_BYTES: "Distance of control blocks, so that each has its own cache line.",
      REQUESTS_PER_POLL: "Maximum requests of a priority in one poll and one batch.",
      ARRIVAL_BITS: "Low bits of a counter, which count workgroups. The high bits sum contributions.",
      PRIORITIES_MAX: "Priority 0 is normal. Priority 1 is urgent and polled first.",
    },
  },
);

/** The state of a launch: the first word of the heartbeat. */
export const Phase = constants(
  "PHASE",
  { RUNNING: 1, STOPPED: 2, LEASE_OVER: 3, IDLE: 4, DONE: 5, POLL_LIMIT: 6, LOOP_LIMIT: 7 },
  {
    doc: "The state of a launch, or the reason for its end.",
    docs: {
      RUNNING: "It polls or works.",
      STOPPED: "It saw the stop flag.",
      LEASE_OVER: "It used up its ticks or its loop rounds.",
      IDLE: "It was idle for the allowed time.",
      DONE: "It was bounded, and took its last request.",
      POLL_LIMIT: "It reached its limit of idle polls. Only probes have one.",
      LOOP_LIMIT: "The driver ended loops early, so the current batch has no valid result.",
    },
  },
);

/** Settings from the host to a launch, in upload memory. */
export const Control = struct(
  "Control",
  {
    stopFlag: doc(u32, "not 0: end after the current request"),
    lastNormal: doc(u32, "the last request of priority 0 that a bounded launch takes"),
    lastUrgent: doc(u32, "the same for priority 1"),
    settings: doc(u32, "changes whenever a field below changes during a launch"),
    epoch: doc(u32, "number of the launch"),
    roundBudget: doc(u32, "loop rounds after which to end, if the driver limits loops; 0: no limit"),
    dutyShare: doc(u32, "share of the time for work, of 65536"),
    dozeTicksMax: doc(u32, "longest pause between two polls, in ticks"),
    leaseTicks: doc(u64, "ticks after which to end; 0: none"),
    idleTicks: doc(u64, "idle ticks after which to end; 0: never"),
    dozeTicks: doc(u64, "idle ticks after which pauses begin; 0: never"),
    reserved: padding(8),
  },
  { rule: "scalar", doc: "The host writes it. The kernel reads the first vector at every poll." },
);

/** Offsets in the cursor buffer, which is device memory that outlives launches. All zeros: the kernel never ran. */
export const Cursors = constants(
  "CURSORS",
  {
    WORKGROUPS_MAX: 0x1_0000,
    TOTALS: 0,
    PARK_EPOCH: 128,
    END: 136,
    DONE: 256,
    TAKEN: 256 + 4 * 0x2_0000,
    PROGRESS: 256 + 4 * 0x3_0000,
    BYTES: 256 + 4 * 0x3_0000 + 8 * 0x2_0000,
  },
  {
    doc: "The cursors of all workgroups: offsets in bytes.",
    docs: {
      TOTALS: "The totals of the heartbeat over all launches.",
      PARK_EPOCH: "The epoch of a launch that is ending; the first workgroup that leaves writes it.",
      END: "Why the last launch ended, and the low clock word at its end.",
      DONE: "One word per priority and workgroup: the last request that it finished.",
      TAKEN: "One word per workgroup: the number of finished requests, if there are two priorities.",
      PROGRESS: "Two words per priority and workgroup: the progress of its suspended request.",
    },
  },
);

/** Offsets of the heartbeat's words. */
export const Heartbeat = constants(
  "HEARTBEAT",
  {
    PHASE: 0,
    ROUNDS: 1,
    GAP_TICKS: 2,
    TICKS: 3,
    POLLS: 5,
    REQUESTS: 7,
    BUSY_TICKS: 9,
    ACTIVE_LANES: 11,
    COUNTED_LANES: 13,
    VECTORS: 5,
    FAULT_VECTOR: 5,
    BYTES: 128,
  },
  {
    doc:
      "Words of the heartbeat: three in each vector, sealed with the launch's epoch. " +
      "From TICKS on, 64-bit totals over all launches.",
    docs: {
      ROUNDS: "Loop rounds of this launch.",
      FAULT_VECTOR:
        "A workgroup that found loops ended early writes it: the phase, the workgroup, its loop rounds.",
      GAP_TICKS:
        "Ticks from the end of the previous lease to the beginning of this launch; 0 without a previous lease.",
    },
  },
);

/** The push constants of a resident kernel. */
export const Launch = struct(
  "Launch",
  {
    control: doc(u64, "address of this launch's Control"),
    slots: doc(u64, "address of the slots, ordered by priority"),
    completions: doc(u64, "address of the completions, ordered by priority"),
    counters: doc(u64, "address of the arrival counters, 64 bits per slot"),
    alive: doc(u64, "address of one word per workgroup, where it signs in"),
    heartbeat: doc(u64, "address of the heartbeat"),
    cursors: doc(u64, "address of the cursors"),
    inputs: doc(u64, "address of the kernel's own tables"),
    outputs: doc(u64, "address of the kernel's own results"),
    state: doc(u64, "address of the state that outlives launches"),
    slotMask: doc(u32, "slots of a priority minus one"),
    bounded: doc(u32, "not 0: end after the last requests that Control names"),
    pollLimit: doc(u32, "idle polls after which to end; 0: none"),
    completionVectors: doc(u32, "vectors of a completion"),
    canaryRounds: doc(u32, "rounds of the canary loop, which detects loops that the driver ended; 0: none"),
  },
  { rule: "scalar", doc: "Push constants of every kernel that includes residency.glsl." },
);

/** The GLSL files that these schemas become. */
export const glslModules = {
  "queue.glsl": glslModule({
    doc: "The work queue between a host and a resident kernel.",
    parts: [Queue, Phase, Cursors, Heartbeat, Control, Launch],
  }),
};
