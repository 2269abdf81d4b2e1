/** What a resident kernel and its host share: the queue's shape, the control block, the launch constants. */
import { constants, doc, glslModule, padding, struct, u32, u64 } from "../schema/index.ts";

export const Queue = constants(
  "QUEUE",
  {
    SLOT_BYTES: 256,
    SLOT_VECTORS: 16,
    HEADER_VECTORS: 4,
    HEADER_WORDS: 12,
    COMPLETION_BYTES: 16,
    CONTROL_STRIDE_BYTES: 64,
    REQUESTS_PER_POLL: 8,
    ARRIVAL_BITS: 16,
    ARRIVAL_MASK: 0xffff,
  },
  {
    doc: "The work queue's shape.",
    docs: {
      SLOT_BYTES: "A slot: a header of four vectors, then payload.",
      HEADER_VECTORS: "Vectors sealed with the sequence number.",
      HEADER_WORDS: "Payload words in the header.",
      CONTROL_STRIDE_BYTES: "Control blocks lie on cache lines of their own.",
      REQUESTS_PER_POLL: "Requests that one poll looks at, and one pass can share.",
      ARRIVAL_BITS: "Low bits of a counter that count workgroups; the others sum their contributions.",
    },
  },
);

export const Control = struct(
  "Control",
  {
    stopFlag: doc(u32, "not 0: end at the next poll"),
    firstSequence: doc(u32, "the first request that this launch is to take"),
    lastSequence: doc(u32, "the last one, in bounded launches"),
    reserved: padding(4),
  },
  { rule: "scalar", doc: "Written by the host, polled by the kernel." },
);

export const Launch = struct(
  "Launch",
  {
    control: doc(u64, "address of this launch's Control"),
    slots: doc(u64, "address of the slots"),
    completions: doc(u64, "address of the completions"),
    counters: doc(u64, "address of a 64-bit counter a slot"),
    alive: doc(u64, "address of a word a workgroup, in which it signs in"),
    inputs: doc(u64, "address of the kernel's own tables"),
    outputs: doc(u64, "address of the kernel's own results"),
    slotMask: doc(u32, "number of slots less one"),
    launchId: doc(u32, "what workgroups sign in with"),
    bounded: doc(u32, "not 0: end after lastSequence"),
    pollLimit: doc(u32, "idle polls after which to end; 0: none"),
  },
  { rule: "scalar", doc: "Push constants of every kernel that includes residency.glsl." },
);

export const LoopProbe = struct("LoopProbe", { rounds: u64 }, { rule: "scalar" });

export const glslModules = {
  "queue.glsl": glslModule({
    doc: "The work queue between a host and a resident kernel.",
    parts: [Queue, Control, Launch, LoopProbe],
  }),
};
