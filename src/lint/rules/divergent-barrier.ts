/** The rule `divergent-barrier`. */
import { findPartings } from "../analysis/index.ts";
import { DATA_HEAD } from "./example-heads.ts";
import type { Rule } from "./rule.ts";

/** Every barrier is reached by all threads of a workgroup, equally often. */
export const divergentBarrier: Rule = {
  name: "divergent-barrier",
  severity: "error",
  summary: "Every barrier is reached by all threads of a workgroup, and equally often.",
  why:
    "A barrier under a condition that differs between threads is reached by some of them only. The specification " +
    "leaves open what happens then: devices hang, or let threads pass that should wait.",
  remedy:
    "Move the barrier out of the condition or the loop, or before the return, or make the condition the same for all " +
    "threads.",
  limits:
    "A condition counts as the same for all threads where it is made of constants, push constants, the workgroup's " +
    "number, shared memory at the same place behind a barrier, or buffers at the same address. Barriers of a " +
    "subgroup are not judged.",
  bad: `${DATA_HEAD}void main() {
  for (uint index = gl_LocalInvocationIndex; index < words[0]; index += 64u) {
    words[index] += 1u;
    barrier(); // threads take different numbers of rounds
  }
}
`,
  good: `${DATA_HEAD}void main() {
  uint count = words[0];
  for (uint base = 0u; base < count; base += 64u) {
    if (base + gl_LocalInvocationIndex < count) words[base + gl_LocalInvocationIndex] += 1u;
    barrier(); // all threads take the same rounds
  }
}
`,
  check: (kernel) =>
    findPartings(kernel).flatMap(({ branch, barrier, isEarlyExit }) => {
      if (isEarlyExit || barrier === undefined) return [];
      const message = "only some threads reach this barrier, by a condition that differs between them";
      return [{ message, location: barrier.location, related: branch.location }];
    }),
};
