/** The rule `stop-not-first`. */
import { type Kernel, Role } from "../analysis/index.ts";
import { type GraphNode, type Loop } from "../code/index.ts";
import { POLL_HEAD } from "./example-heads.ts";
import type { Rule } from "./rule.ts";

/** The poll loop looks at the stop flag before it does anything else. */
export const stopNotFirst: Rule = {
  name: "stop-not-first",
  severity: "error",
  summary: "The poll loop looks at the control block before it reads the queue, stores, or waits.",
  why:
    "The stop flag is the only way to end a kernel from outside. Where an iteration works first, a kernel that was " +
    "told to stop still touches memory that the host may be about to free, or waits where nobody comes.",
  remedy: "Read the control block at the beginning of the iteration, before any other memory of the host.",
  limits:
    "The control block is the memory behind the push constant `control`: the host writes the stop flag there. " +
    "The poll loop is the outermost loop that reads memory behind the push constants `control` or `slots`. A kernel " +
    "without these names has no poll loop that the rule knows. A loop with a bound of its own is no poll loop.",
  bad: `${POLL_HEAD}shared uint sh_stop;
void main() {
  for (;;) {
    Words(state).words[gl_LocalInvocationIndex] += 1u; // works, and looks at the flag only then
    if (gl_LocalInvocationIndex == 0u) sh_stop = Words(control).words[0];
    barrier();
    if (sh_stop != 0u) break;
    barrier();
  }
}
`,
  good: `${POLL_HEAD}shared uint sh_stop;
void main() {
  for (;;) {
    if (gl_LocalInvocationIndex == 0u) sh_stop = Words(control).words[0];
    barrier();
    if (sh_stop != 0u) break;
    Words(state).words[gl_LocalInvocationIndex] += 1u;
    barrier();
  }
}
`,
  check: (kernel) =>
    kernel.pollLoops
      .filter((loop) => !kernel.loops.ends(loop))
      .flatMap((loop) => {
        const phase = kernel.loops.beforeBarrier(loop);
        if (![...phase].some((node) => kernel.isLoadOf(node, Role.control)))
          return [
            {
              message: "the poll loop does not look at the stop flag before its first barrier",
              location: kernel.locationOf(loop),
            },
          ];
        const early = effectsBeforeStop(kernel, loop, phase)[0];
        if (early === undefined) return [];
        return [
          { message: "the poll loop does this before it looks at the stop flag", location: early.location },
        ];
      }),
};

/** What an iteration does on a way that has not come to the control block, nor to a barrier. */
function effectsBeforeStop(kernel: Kernel, loop: Loop, phase: ReadonlySet<GraphNode>): readonly GraphNode[] {
  const effects: GraphNode[] = [];
  const seen = new Set<number>();
  const open = [loop.header];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const block = kernel.graph.blocks[at];
    let goesOn = true;
    for (const node of block?.nodes ?? []) {
      if (!phase.has(node) || kernel.isLoadOf(node, Role.control)) goesOn = false;
      if (!goesOn) break;
      if (kernel.isBufferWrite(node) || kernel.isLoadOf(node, Role.slots)) effects.push(node);
    }
    if (goesOn) for (const to of block?.successors ?? []) if (loop.blocks.has(to)) open.push(to);
  }
  return effects;
}
