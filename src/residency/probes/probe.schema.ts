/** What probe kernels and the host share. */
import { constants, doc, glslModule, struct, u32, u64 } from "../../schema/index.ts";

/** The push constants of every probe kernel. */
export const Probe = struct(
  "Probe",
  {
    target: doc(u64, "address of what is looked at"),
    answer: doc(u64, "address of what the host reads"),
    control: doc(u64, "address of a word that the host sets to end the kernel"),
    count: doc(u32, "how much: rounds, vectors, words"),
    mode: doc(u32, "one of PROBE_MODE"),
    limit: doc(u32, "rounds of loops after which the kernel ends, whatever else happens"),
    value: doc(u32, "seed of a pattern, or a value to write"),
  },
  { rule: "scalar", doc: "Push constants of all probe kernels; each uses what it needs." },
);

/** What the traffic kernel and the remains kernel do. */
export const ProbeMode = constants(
  "PROBE_MODE",
  { WRITE: 0, READ: 1, COUNT: 2, CHASE: 3 },
  {
    doc: "What a probe kernel does with memory.",
    docs: {
      WRITE: "Leave the pattern.",
      READ: "Read, and keep a sum.",
      COUNT: "Count the words of the pattern.",
      CHASE:
        "Read one vector after another, each only when the one before has come: how long a read takes, not how many go at a time.",
    },
  },
);

/** The words of the occupancy probe. */
export const Occupancy = constants(
  "OCCUPANCY",
  { TICKETS: 0, CLOSED: 1, WORDS: 2 },
  {
    doc: "Words in device memory of the occupancy probe.",
    docs: {
      TICKETS: "Tickets taken: the next workgroup's number.",
      CLOSED: "Set by whoever leaves first; who comes then was not there together with the others.",
    },
  },
);

/** The GLSL files that these schemas become. */
export const glslModules = {
  "probe.glsl": glslModule({
    doc: "What probe kernels and the host share.",
    parts: [Probe, ProbeMode, Occupancy],
  }),
};
