/** The rule `queue-read-not-broadcast`. */
import { type Kernel, TAINT_UNSHARED } from "../analysis/index.ts";
import { type GraphNode, isAtomic, Op } from "../code/index.ts";
import { POLL_HEAD } from "./example-heads.ts";
import type { Rule } from "./rule.ts";

/** What one thread reads of the queue is given to all others. */
export const queueReadNotBroadcast: Rule = {
  name: "queue-read-not-broadcast",
  severity: "warning",
  summary: "While it polls, a kernel decides only by what its threads agreed about.",
  why:
    "The host writes the queue while the kernel reads it. Two threads that read the same word may see different " +
    "values, and then go different ways: one to the work, the other to the next poll.",
  remedy:
    "Let one thread read, and give the value to the others: through shared memory and a barrier, or a vote.",
  limits:
    "The queue is memory behind the push constants `control` and `slots`. Reads count up to the first barrier of an " +
    "iteration: behind that barrier, a request has arrived, and it does not change any more. Threads have agreed " +
    "about a value that went through shared memory, or through an operation of the subgroup.",
  bad: `${POLL_HEAD}void main() {
  for (;;) {
    if (Words(control).words[0] != 0u) break; // every thread reads for itself
    Words(state).words[gl_LocalInvocationIndex] += 1u;
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
  check: (kernel) => {
    const { graph, flow, uniformity, lanes } = kernel;
    return flow.order.flatMap((at) => {
      const block = graph.blocks[at];
      if (block?.condition === undefined || lanes.isSingle(at)) return [];
      if ((uniformity.taintOf(block.condition) & TAINT_UNSHARED) === 0) return [];
      if (isExpression(kernel, at)) return [];
      const message = "this depends on memory of the host that several threads read, each for itself";
      return [{ message, location: block.location }];
    });
  },
};

/** Whether a branch only computes a value, as `&&` does: what is made of the value is judged in its place. */
function isExpression({ graph, flow }: Kernel, branch: number): boolean {
  if (flow.postDominatorOf(branch) < 0) return false;
  const nodes = flow.regionOf(branch).flatMap((at) => graph.blocks[at]?.nodes ?? []);
  graph.effort.spend(flow.regionOf(branch).length + nodes.length);
  const hasLoop = flow.regionOf(branch).includes(branch);
  const isPure = ({ opcode }: GraphNode): boolean =>
    opcode !== Op.Store && opcode !== Op.ControlBarrier && opcode < Op.GroupElect && !isAtomic(opcode);
  return !hasLoop && nodes.every(isPure);
}
