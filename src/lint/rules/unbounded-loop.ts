/** The rule `unbounded-loop`. */
import type { Rule } from "./rule.ts";
import { findSpins } from "./spin-without-barrier.ts";

/** Every loop has a bound, a budget, or looks at the stop flag. */
export const unboundedLoop: Rule = {
  name: "unbounded-loop",
  severity: "warning",
  summary: "Every loop has a bound, a budget, or looks at the control block.",
  why:
    "A loop that waits for memory, or follows links in it, ends only if the memory holds what was expected. With a " +
    "damaged table, or a host that died, such a loop keeps the device busy for ever. No store of the host can stop it.",
  remedy: "Count the rounds and leave at a limit, or read the stop flag in every iteration.",
  limits:
    "A loop counts as bounded where a condition that leaves it depends on a value that each iteration makes of " +
    "itself by arithmetic, such as `index++`. Whether that arithmetic comes to an end is not proved.",
  bad: `layout(local_size_x = 1) in;
layout(set = 0, binding = 0) buffer Data { uint next[]; };
void main() {
  uint node = 0u;
  while (next[node] != 0u) node = next[node]; // a circle in the list, and it never ends
  next[0] = node;
}
`,
  good: `layout(local_size_x = 1) in;
layout(set = 0, binding = 0) buffer Data { uint next[]; };
void main() {
  uint node = 0u;
  for (uint round = 0u; round < 1000u && next[node] != 0u; round++) node = next[node];
  next[0] = node;
}
`,
  check(kernel) {
    const spins = new Set(findSpins(kernel));
    return kernel.flow.loops
      .filter((loop) => !kernel.ends(loop) && !spins.has(loop))
      .map((loop) => ({
        message:
          loop.exits.length === 0
            ? "nothing ends this loop"
            : "nothing that advances ends this loop, and it does not look at the stop flag",
        location: kernel.locationOf(loop),
      }));
  },
};
