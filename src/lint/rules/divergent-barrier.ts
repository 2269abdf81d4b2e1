/** The rule `divergent-barrier`. */
import { findPartings, isPartedByRace } from "../analysis/index.ts";
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
    "threads. Shared memory needs a barrier behind each store, and another one before the next store.",
  limits:
    "A condition counts as the same for all threads where it is made of constants, push constants, the workgroup's " +
    "number, shared memory at the same place, or buffers at the same address. Shared memory must have a barrier " +
    "between its load and every store of another thread, before and after it. Stores after a load are not looked at " +
    "where an index that is not constant chooses the element: kernels change over between two elements and save a " +
    "barrier. Stores to buffers are not looked at. Barriers of a subgroup are not judged.",
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
      const condition = isPartedByRace(kernel, branch)
        ? "shared memory that has no barrier between its load and a store"
        : "a condition that differs between them";
      const message = `only some threads reach this barrier, by ${condition}`;
      return [{ message, location: barrier.location, related: branch.location }];
    }),
};
