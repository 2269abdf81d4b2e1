/** The rule `spin-without-barrier`. */
import type { Kernel } from "../analysis/index.ts";
import { type Loop, Op, Storage, isAtomic } from "../code/index.ts";
import { DATA_HEAD } from "./example-heads.ts";
import type { Rule } from "./rule.ts";

/** No subgroup waits in a loop for another one of its workgroup. */
export const spinWithoutBarrier: Rule = {
  name: "spin-without-barrier",
  severity: "error",
  summary: "No thread waits in a loop for shared memory that another thread of its workgroup is to write.",
  why:
    "Nothing promises that the other thread runs meanwhile. Software drivers run the subgroups of a workgroup one " +
    "after the other, and change over only at barriers. On a GPU, a lane that waits may keep other lanes of its " +
    "subgroup from running.",
  remedy: "Wait with barrier(), and read the shared memory behind it.",
  limits:
    "A loop counts as waiting where its end depends on shared memory that it does not write itself, where it has no " +
    "barrier, and where nothing that advances ends it.",
  bad: `${DATA_HEAD}shared uint sh_ready;
void main() {
  if (gl_LocalInvocationIndex == 0u) sh_ready = words[0];
  while (sh_ready == 0u) {} // waits for thread 0, which may never run
  words[gl_LocalInvocationIndex] = sh_ready;
}
`,
  good: `${DATA_HEAD}shared uint sh_ready;
void main() {
  if (gl_LocalInvocationIndex == 0u) sh_ready = words[0];
  barrier();
  words[gl_LocalInvocationIndex] = sh_ready;
}
`,
  check: (kernel) =>
    findSpins(kernel).map((loop) => ({
      message: "this loop waits for shared memory that another thread writes, without a barrier",
      location: kernel.locationOf(loop),
    })),
};

/** Loops that wait for shared memory. */
export function findSpins(kernel: Kernel): readonly Loop[] {
  const { graph, memory } = kernel;
  return kernel.flow.loops.filter((loop) => {
    if (kernel.hasBarrier(loop) || kernel.loops.ends(loop)) return false;
    const nodes = kernel.nodesOf(loop);
    graph.effort.spend(nodes.length);
    const written = new Set(
      nodes
        .filter(({ opcode }) => opcode === Op.Store || isWritingAtomic(opcode))
        .map(({ inputs }) => memory.variableOf(inputs[0])),
    );
    const loads = loop.exits.flatMap(({ from }) => {
      const { condition } = graph.blocks[from] ?? {};
      return condition === undefined ? [] : kernel.loadsBehind(condition, loop);
    });
    // A loop that walks through a buffer does not wait: what it reads there leads it on.
    if (loads.some((load) => memory.isBuffer(load.inputs[0]) && loop.blocks.has(load.block))) return false;
    return loads.some((load) => {
      const variable = memory.variableOf(load.inputs[0]);
      return variable?.value === Storage.Workgroup && loop.blocks.has(load.block) && !written.has(variable);
    });
  });
}

const isWritingAtomic = (opcode: number): boolean => isAtomic(opcode) && opcode !== Op.AtomicLoad;
