/** The structs and constants that probe kernels and the host share. */
import { constants, doc, glslModule, struct, u32, u64 } from "../../schema/index.ts";

/** The push constants of every probe kernel. */
export const Probe = struct(
  "Probe",
  {
    target: doc(u64, "address of the memory under test"),
    answer: doc(u64, "address of the results for the host"),
    control: doc(u64, "address of a word that the host sets to end the kernel"),
    count: doc(u32, "number of rounds, vectors or words"),
    mode: doc(u32, "one of PROBE_MODE"),
    limit: doc(u32, "loop rounds after which the kernel ends in any case"),
    value: doc(u32, "seed of a pattern, or a value to write"),
  },
  { rule: "scalar", doc: "Push constants of all probe kernels. Each kernel uses some of them." },
);

/** The modes of the traffic kernel and the remains kernel. */
export const ProbeMode = constants(
  "PROBE_MODE",
  { WRITE: 0, READ: 1, COUNT: 2, CHASE: 3 },
  {
    doc: "What a probe kernel does with memory.",
    docs: {
      WRITE: "Write the pattern.",
      READ: "Read and sum.",
      COUNT: "Count matching words.",
      CHASE:
        "Read vectors one by one, each after the previous one has arrived. This measures latency, not throughput.",
    },
  },
);

/** The words of the occupancy probe. */
export const Occupancy = constants(
  "OCCUPANCY",
  { TICKETS: 0, CLOSED: 1, WORDS: 2 },
  {
    doc: "Words of the occupancy probe in device memory.",
    docs: {
      TICKETS: "Number of taken tickets, which is the next ticket.",
      CLOSED: "Set by the first workgroup that leaves. Later workgroups do not count.",
    },
  },
);

/** The GLSL files that these schemas become. */
export const glslModules = {
  "probe.glsl": glslModule({
    doc: "The structs and constants that probe kernels and the host share.",
    parts: [Probe, ProbeMode, Occupancy],
  }),
};
