/** The rule `single-lane-work`. */
import { costOf, ESTIMATED_ROUNDS, type Kernel, Role, workingShare } from "../analysis/index.ts";
import { BuiltIn, type GraphNode, isAtomic, type Loop, Op, OPCODE_CONSTANT, Storage } from "../code/index.ts";
import type { Rule } from "./rule.ts";

/** Loops of this many rounds and fewer are housekeeping. */
const FEW_ROUNDS = 64;
/** Reads and writes of buffers without a loop that are housekeeping. */
const FEW_ACCESSES = 64;

/** One thread does not do the work of a workgroup while the others wait. */
export const singleLaneWork: Rule = {
  name: "single-lane-work",
  severity: "warning",
  summary: "No thread works in a loop alone while the other threads of its workgroup wait for it.",
  why:
    "A subgroup runs as fast as its slowest lane. Work of a single thread uses one lane of 32 or more, and all the " +
    "others stand still at the next barrier.",
  remedy: "Give each thread a part of the work, and bring the parts together with subgroup operations.",
  limits:
    `Work is a loop, or more than ${FEW_ACCESSES} accesses of buffers without a loop. A loop of at most ` +
    `${FEW_ROUNDS} rounds is no work, nor is a loop with one round for each thread or subgroup. Polling the host is ` +
    "no work, nor is a pause that reads the clock. Work counts where the other threads wait for it at a barrier. The " +
    `share in the message is an estimate: it takes each loop for ${ESTIMATED_ROUNDS} rounds.`,
  bad: `layout(local_size_x = 64) in;
layout(set = 0, binding = 0) buffer Data { uint count; uint words[]; };
shared uint sh_sum;
void main() {
  if (gl_LocalInvocationIndex == 0u) {
    sh_sum = 0u;
    for (uint index = 0u; index < count; index++) sh_sum += words[index]; // 63 threads wait
  }
  barrier();
  words[gl_LocalInvocationIndex] = sh_sum;
}
`,
  good: `layout(local_size_x = 64) in;
layout(set = 0, binding = 0) buffer Data { uint count; uint words[]; };
shared uint sh_sum;
void main() {
  if (gl_LocalInvocationIndex == 0u) sh_sum = 0u;
  barrier();
  uint sum = 0u;
  for (uint index = gl_LocalInvocationIndex; index < count; index += 64u) sum += words[index];
  atomicAdd(sh_sum, sum);
  barrier();
  words[gl_LocalInvocationIndex] = sh_sum;
}
`,
  check(kernel) {
    if (kernel.graph.code.isSingleThread) return [];
    return kernel.lanes.regions.flatMap(({ branch, blocks }) => {
      if (isInside(kernel, branch) || !isWaitedFor(kernel, branch)) return [];
      kernel.graph.effort.spend(kernel.flow.loops.length);
      const inside = kernel.flow.loops.filter(
        (loop) => blocks.has(loop.header) && (loop.parent === undefined || !blocks.has(loop.parent.header)),
      );
      const loop = inside.find((each) => isWork(kernel, each));
      const share = (): string => shareOf(kernel, blocks);
      if (loop !== undefined)
        return [
          {
            message: `one thread runs this loop while the others wait; ${share()}`,
            location: kernel.locationOf(loop),
          },
        ];
      const accesses = [...blocks].flatMap((at) => {
        const { nodes } = kernel.graph.blocks[at] ?? { nodes: [] };
        kernel.graph.effort.spend(1 + nodes.length);
        return nodes.filter((node) => isAccess(kernel, node));
      });
      if (accesses.length <= FEW_ACCESSES) return [];
      const message = `one thread reads and writes buffers ${accesses.length} times while the others wait; ${share()}`;
      return [{ message, location: kernel.graph.blocks[branch]?.location }];
    });
  },
};

/** Whether a branch lies in the region of another thread's own work: the outer one is reported. */
function isInside(kernel: Kernel, branch: number): boolean {
  kernel.graph.effort.spend(kernel.lanes.regions.length);
  return kernel.lanes.regions.some(({ blocks }) => blocks.has(branch));
}

/** Whether the threads that do not take part come to a barrier next. */
function isWaitedFor({ graph, flow, barriers }: Kernel, branch: number): boolean {
  graph.effort.spend(barriers.length);
  const join = flow.postDominatorOf(branch);
  return join >= 0 && barriers.some(({ block }) => flow.postDominates(block, join));
}

function isAccess(kernel: Kernel, node: GraphNode): boolean {
  const isMemory = node.opcode === Op.Load || node.opcode === Op.Store || isAtomic(node.opcode);
  return isMemory && kernel.memory.isBuffer(node.inputs[0]);
}

function isWork(kernel: Kernel, loop: Loop): boolean {
  const nodes = kernel.nodesOf(loop);
  kernel.graph.effort.spend(4 * nodes.length);
  if (isShort(kernel, loop)) return false;
  const writes = nodes.some((node) => kernel.isBufferWrite(node));
  const reads = nodes.filter((node) => isAccess(kernel, node));
  const isPause = nodes.some(({ opcode }) => opcode === Op.ReadClock) && reads.length === 0;
  const isPolling = !writes && isWaiting(kernel, loop);
  return !isPause && !isPolling;
}

/** Whether a loop ends when memory of the host says so, and changes nothing but its own variables. */
function isWaiting(kernel: Kernel, loop: Loop): boolean {
  const isOwn = ({ inputs }: GraphNode): boolean => {
    const storage = kernel.memory.storageOf(inputs[0]);
    return storage === Storage.Function || storage === Storage.Private;
  };
  const stores = kernel.nodesOf(loop).filter(({ opcode }) => opcode === Op.Store || isAtomic(opcode));
  return (
    stores.every(isOwn) &&
    loop.exits.some(({ from }) => {
      const { condition } = kernel.graph.blocks[from] ?? {};
      if (condition === undefined) return false;
      return kernel
        .loadsBehind(condition, loop)
        .some((load) => kernel.isLoadOf(load, Role.control | Role.slots));
    })
  );
}

/** Whether a loop has few rounds, or one for each thread or subgroup. */
function isShort(kernel: Kernel, loop: Loop): boolean {
  if (!kernel.ends(loop)) return false;
  return loop.exits.some(({ from }) => {
    const { condition } = kernel.graph.blocks[from] ?? {};
    const parts =
      condition?.opcode === Op.Phi ? condition.inputs : condition === undefined ? [] : [condition];
    return parts.some(
      ({ opcode, inputs }) => isOrder(opcode) && inputs.some((side) => isSmall(kernel, side, 0)),
    );
  });
}

/** Whether an opcode compares whole numbers by size. */
const isOrder = (opcode: number): boolean => opcode >= Op.UGreaterThan && opcode <= Op.SLessThanEqual;

function isSmall(kernel: Kernel, node: GraphNode, depth: number): boolean {
  kernel.graph.effort.spend(1);
  if (depth > 8) return false;
  if (node.opcode === OPCODE_CONSTANT)
    return node.value === undefined
      ? node.name === "" || node.builtIn !== undefined
      : node.value <= FEW_ROUNDS;
  if (node.opcode === Op.Load) {
    const builtIn = kernel.memory.variableOf(node.inputs[0])?.builtIn;
    return (
      builtIn === BuiltIn.NumSubgroups ||
      builtIn === BuiltIn.SubgroupSize ||
      builtIn === BuiltIn.WorkgroupSize
    );
  }
  return node.inputs.length > 0 && node.inputs.every((input) => isSmall(kernel, input, depth + 1));
}

/** The share of the kernel that a single thread runs, and what it makes of the lanes. */
function shareOf(kernel: Kernel, blocks: ReadonlySet<number>): string {
  const { order } = kernel.flow;
  kernel.graph.effort.spend(3 * order.length);
  const costs = (of: readonly number[]): number => of.reduce((sum, at) => sum + costOf(kernel, at), 0);
  const own = costs(order.filter((at) => blocks.has(at))) / Math.max(1, costs(order));
  const used = workingShare(kernel, order, (at) => blocks.has(at));
  const percent = (part: number): number => Math.round(part * 100);
  return `an estimated ${percent(own)} % of the kernel, which leaves ${percent(used)} % of the lanes at work`;
}
