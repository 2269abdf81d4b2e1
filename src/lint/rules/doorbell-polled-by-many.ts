/** The rule `doorbell-polled-by-many`. */
import { type Kernel, Role } from "../analysis/index.ts";
import { BuiltIn, type GraphNode, type Loop, Op } from "../code/index.ts";
import { COMPLETIONS_HEAD } from "./example-heads.ts";
import type { Rule } from "./rule.ts";

/** One workgroup waits for the host; it tells the others. */
export const doorbellPolledByMany: Rule = {
  name: "doorbell-polled-by-many",
  severity: "warning",
  summary: "A loop that only waits for the host, without a limit, is run by one workgroup.",
  why:
    "Memory that the host writes is not cached. Each read goes to the bus, and workgroups that do nothing but read " +
    "it slow down the reads of all others and the stores of the host.",
  remedy: "Let workgroup 0 wait, and give the news to the others through device memory; or limit the polls.",
  limits:
    "Doorbell memory is behind the push constants `control` and `slots`. A loop counts where its end depends on it, " +
    "where it has no barrier, stores nothing, and has no limit, and where no condition names the workgroup. The poll " +
    "loop of this package's kernels has a barrier in every iteration: it is none.",
  bad: `${COMPLETIONS_HEAD}void main() {
  if (gl_LocalInvocationIndex == 0u) {
    while (Words(control).words[0] == 0u) {} // in every workgroup
  }
  barrier();
  Words(state).words[gl_GlobalInvocationID.x] = 1u;
}
`,
  good: `${COMPLETIONS_HEAD}void main() {
  if (gl_LocalInvocationIndex == 0u && gl_WorkGroupID.x == 0u) {
    while (Words(control).words[0] == 0u) {}
  }
  barrier();
  Words(state).words[gl_GlobalInvocationID.x] = 1u;
}
`,
  check: (kernel) =>
    kernel.flow.loops
      .filter((loop) => isWait(kernel, loop) && !isOfOneWorkgroup(kernel, loop))
      .map((loop) => ({
        message: "every workgroup waits in this loop for memory that the host writes",
        location: kernel.locationOf(loop),
      })),
};

function isWait(kernel: Kernel, loop: Loop): boolean {
  if (kernel.hasBarrier(loop) || kernel.loops.ends(loop)) return false;
  if (kernel.nodesOf(loop).some((node) => kernel.isBufferWrite(node))) return false;
  return loop.exits.some(({ from }) => {
    const { condition } = kernel.graph.blocks[from] ?? {};
    if (condition === undefined) return false;
    return kernel
      .loadsBehind(condition, loop)
      .some((load) => kernel.isLoadOf(load, Role.control | Role.slots));
  });
}

/** Whether a condition above the loop compares the workgroup's number. */
function isOfOneWorkgroup(kernel: Kernel, loop: Loop): boolean {
  const { graph, flow, memory } = kernel;
  for (let at = flow.dominatorOf(loop.header); at >= 0; at = flow.dominatorOf(at)) {
    const { condition } = graph.blocks[at] ?? {};
    graph.effort.spend(1 + (condition === undefined ? 0 : flow.regionOf(at).length));
    if (condition === undefined || !flow.regionOf(at).includes(loop.header)) continue;
    const isNumber = (load: GraphNode): boolean => {
      const builtIn = memory.variableOf(load.inputs[0])?.builtIn;
      return (
        load.opcode === Op.Load && (builtIn === BuiltIn.WorkgroupId || builtIn === BuiltIn.GlobalInvocationId)
      );
    };
    if (kernel.loadsBehind(condition).some(isNumber)) return true;
  }
  return false;
}
