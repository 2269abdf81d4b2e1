/**
 * What a resident kernel and its host share: the queue's shape, the control block, cursors, the heartbeat, the launch
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
    doc: "The work queue's shape.",
    docs: {
      SLOT_BYTES: "A slot: a header of four vectors, then payload.",
      HEADER_VECTORS: "Vectors sealed with the sequence number.",
      HEADER_WORDS: "Payload words in the header.",
      CONTROL_STRIDE_BYTES: "Control blocks lie on cache lines of their own.",
      REQUESTS_PER_POLL: "Requests of a priority that one poll looks at, and one pass can share.",
      ARRIVAL_BITS: "Low bits of a counter that count workgroups; the others sum their contributions.",
      PRIORITIES_MAX: "Priority 0 takes requests in their turn; priority 1 is urgent and looked at first.",
    },
  },
);

/** Why a launch is (not) running: the first word of the heartbeat. */
export const Phase = constants(
  "PHASE",
  { RUNNING: 1, STOPPED: 2, LEASE_OVER: 3, IDLE: 4, DONE: 5, POLL_LIMIT: 6, LOOP_LIMIT: 7 },
  {
    doc: "What a launch is doing, or why it ended.",
    docs: {
      RUNNING: "It polls, or works.",
      STOPPED: "It saw the stop flag.",
      LEASE_OVER: "Its ticks, or its rounds of loops, were spent.",
      IDLE: "There was nothing to do for as long as it was told to wait.",
      DONE: "A bounded launch has taken its last request.",
      POLL_LIMIT: "It polled in vain as often as it may: a probe, or a host that is not seen.",
      LOOP_LIMIT: "The driver ended loops early; what was being performed is worth nothing.",
    },
  },
);

/** What the host tells a launch, in upload memory. */
export const Control = struct(
  "Control",
  {
    stopFlag: doc(u32, "not 0: end at the next border of a request"),
    lastNormal: doc(u32, "the last request of priority 0 that a bounded launch takes"),
    lastUrgent: doc(u32, "the same of priority 1"),
    settings: doc(u32, "another number whenever something below was changed while the launch runs"),
    epoch: doc(u32, "number of the launch"),
    roundBudget: doc(u32, "rounds of loops after which to end, where the driver limits them; 0: no limit"),
    dutyShare: doc(u32, "share of the time to work in, of 65536"),
    dozeTicksMax: doc(u32, "longest pause between two polls"),
    leaseTicks: doc(u64, "ticks after which to end; 0: none"),
    idleTicks: doc(u64, "idle ticks after which to end; 0: never"),
    dozeTicks: doc(u64, "idle ticks after which pauses begin; 0: never"),
    reserved: padding(8),
  },
  { rule: "scalar", doc: "Written by the host, polled by the kernel: the first vector at every poll." },
);

/**
 * Offsets in the cursor buffer: device memory, kept from launch to launch. Zero everywhere is a kernel that never ran.
 */
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
    doc: "Where every workgroup stands: offsets in bytes.",
    docs: {
      TOTALS: "The sums of the heartbeat, over all launches.",
      PARK_EPOCH: "The launch that is to end, raised by the first workgroup that leaves.",
      END: "Why the last launch ended, and the low word of the device's clock then.",
      DONE: "A word a priority and workgroup: the last request that it finished.",
      TAKEN: "A word a workgroup: requests that it finished, where there are two priorities.",
      PROGRESS: "Two words a priority and workgroup: how far the unfinished request has come.",
    },
  },
);

/** Where the words of the heartbeat lie. */
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
    doc: "Words of the heartbeat: three in each vector, all sealed with the launch's epoch. From TICKS on 64-bit sums over all launches.",
    docs: {
      ROUNDS: "Rounds of loops that this launch has spent.",
      FAULT_VECTOR:
        "Written by a workgroup that found that loops end early: the phase, the workgroup, rounds spent.",
      GAP_TICKS:
        "Ticks between the end of the lease before and the beginning of this launch; 0 where none was over.",
    },
  },
);

/** The push constants of a resident kernel. */
export const Launch = struct(
  "Launch",
  {
    control: doc(u64, "address of this launch's Control"),
    slots: doc(u64, "address of the slots, priority after priority"),
    completions: doc(u64, "address of the completions, priority after priority"),
    counters: doc(u64, "address of a 64-bit counter a slot"),
    alive: doc(u64, "address of a word a workgroup, in which it signs in"),
    heartbeat: doc(u64, "address of the heartbeat"),
    cursors: doc(u64, "address of the cursors"),
    inputs: doc(u64, "address of the kernel's own tables"),
    outputs: doc(u64, "address of the kernel's own results"),
    state: doc(u64, "address of the state that outlives launches"),
    slotMask: doc(u32, "number of slots of a priority less one"),
    bounded: doc(u32, "not 0: end after the last requests named in Control"),
    pollLimit: doc(u32, "idle polls after which to end; 0: none"),
    completionVectors: doc(u32, "vectors of a completion"),
    canaryRounds: doc(u32, "rounds of the loop that shows whether loops still turn; 0: none"),
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
