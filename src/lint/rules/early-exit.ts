/** The rule `early-exit`. */
import { findPartings, isPartedByRace } from "../analysis/index.ts";
import { DATA_HEAD } from "./example-heads.ts";
import type { Rule } from "./rule.ts";

/** No thread leaves the kernel, or its poll loop, while others go on to a barrier or poll. */
export const earlyExit: Rule = {
  name: "early-exit",
  severity: "error",
  summary:
    "No thread leaves the kernel or its poll loop while others still come to a barrier, or go on polling.",
  why:
    "A barrier waits for all threads of the workgroup. If one of them has returned, the others wait for ever, and " +
    "the device hangs. Where no barrier follows, the threads that left are missing in all work that comes.",
  remedy:
    "Let all threads stay, and let the condition guard the work of the one thread only. Where the condition is " +
    "shared memory, put a barrier behind each store, and another one before the next store.",
  limits:
    "A return counts where its condition differs between the threads of a workgroup, and so does a break out of the " +
    "poll loop. A return from a function is no exit: the threads meet again behind the call.",
  bad: `${DATA_HEAD}shared uint sh_word;
void main() {
  if (gl_LocalInvocationIndex >= 32u) return; // half of the threads never reach the barrier
  sh_word = words[0];
  barrier();
  words[gl_LocalInvocationIndex] = sh_word;
}
`,
  good: `${DATA_HEAD}shared uint sh_word;
void main() {
  sh_word = words[0];
  barrier();
  if (gl_LocalInvocationIndex >= 32u) return; // no barrier follows
  words[gl_LocalInvocationIndex] = sh_word;
}
`,
  check(kernel) {
    const partings = findPartings(kernel).filter(({ isEarlyExit }) => isEarlyExit);
    const branches = new Set(partings.map(({ branch }) => branch));
    return [...branches].map((branch) => {
      const barrier = partings.find((parting) => parting.branch === branch)?.barrier;
      const who = isPartedByRace(kernel, branch)
        ? "some threads leave here, by shared memory that has no barrier between its load and a store"
        : "some threads leave here";
      const others =
        barrier === undefined ? "others go on to a loop that may not end" : "others wait at a barrier";
      return { message: `${who}, while ${others}`, related: barrier?.location, location: branch.location };
    });
  },
};
