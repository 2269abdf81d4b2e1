/** Barriers that some threads of a workgroup do not reach, and the branches that part them. */
import type { GraphBlock, GraphNode } from "../code/index.ts";
import { isAtomic, Op, reach } from "../code/index.ts";
import type { Kernel } from "./kernel.ts";
import { UNIFORM } from "./uniformity.ts";

/** A barrier, or an endless loop, that only some threads come to. */
export interface Parting {
  /** Where the threads part. */
  readonly branch: GraphBlock;
  /** What the others wait at; undefined for a loop without a barrier. */
  readonly barrier: GraphNode | undefined;
  /** Whether some threads leave the kernel or the poll loop for good. */
  readonly isEarlyExit: boolean;
}

/** Every barrier with the branch that is to blame, and returns before an endless loop. */
export function findPartings(kernel: Kernel): readonly Parting[] {
  const { graph, flow, uniformity } = kernel;
  const branches = flow.order.flatMap((at) => {
    const block = graph.blocks[at];
    return block?.condition !== undefined && uniformity.levelOf(block.condition) > UNIFORM ? [block] : [];
  });
  const regions = new Map(branches.map((block) => [block, new Set(flow.regionOf(block.index))]));
  const isIn = (block: GraphBlock, other: GraphBlock): boolean =>
    regions.get(other)?.has(block.index) === true;
  const atBarriers = kernel.barriers.flatMap((barrier): Parting[] => {
    const candidates = branches.filter((block) => regions.get(block)?.has(barrier.block) === true);
    // Behind a branch that parts the threads, more values differ. The first branch is to blame.
    const first = candidates.filter(
      (block) => !candidates.some((other) => other !== block && isIn(block, other) && !isIn(other, block)),
    );
    const branch = smallest(first.length > 0 ? first : candidates, regions);
    return branch === undefined ? [] : [{ branch, barrier, isEarlyExit: leaves(kernel, branch, barrier) }];
  });
  const known = new Set(atBarriers.map(({ branch }) => branch));
  const atLoops = branches
    .filter((branch) => !known.has(branch) && isReturnBeforeLoop(kernel, branch, regions.get(branch)))
    .map((branch): Parting => ({ branch, barrier: undefined, isEarlyExit: true }));
  return [...atBarriers, ...atLoops];
}

function smallest(
  of: readonly GraphBlock[],
  regions: ReadonlyMap<GraphBlock, ReadonlySet<number>>,
): GraphBlock | undefined {
  const sizeOf = (block: GraphBlock): number => regions.get(block)?.size ?? 0;
  return of.toSorted((a, b) => sizeOf(a) - sizeOf(b))[0];
}

/** Whether the ways of a branch meet again only behind the kernel, or behind the poll loop that has the barrier. */
function leaves({ flow, loops, pollLoops }: Kernel, branch: GraphBlock, barrier: GraphNode): boolean {
  const join = flow.postDominatorOf(branch.index);
  if (join < 0) return true;
  let loop = flow.loopOf.get(branch.index);
  for (; loop !== undefined; loop = loop.parent) {
    if (!loop.blocks.has(barrier.block) || loop.blocks.has(join)) continue;
    if (pollLoops.includes(loop) || !loops.ends(loop)) return true;
  }
  return false;
}

/** Whether some threads leave the kernel, while others come to a loop that goes on. */
function isReturnBeforeLoop(
  kernel: Kernel,
  branch: GraphBlock,
  region: ReadonlySet<number> | undefined,
): boolean {
  const { graph, flow, loops, pollLoops } = kernel;
  const join = flow.postDominatorOf(branch.index);
  if (join >= 0 && !isEnd(kernel, join)) return false;
  const next = (at: number): readonly number[] => graph.blocks[at]?.successors ?? [];
  return flow.loops.some((loop) => {
    if (loop.blocks.has(branch.index) || region?.has(loop.header) !== true) return false;
    if (!pollLoops.includes(loop) && loops.ends(loop)) return false;
    return branch.successors.some((to) => {
      const past = reach([to], next, loop.header);
      return past.some((at) => graph.blocks[at]?.isExit === true);
    });
  });
}

/** Whether a kernel ends behind a block without doing anything: optimisers turn a return into a branch to the end. */
function isEnd({ graph }: Kernel, from: number): boolean {
  const seen = new Set<number>();
  for (let at: number | undefined = from; at !== undefined && !seen.has(at);) {
    const block: GraphBlock | undefined = graph.blocks[at];
    if (block === undefined || block.nodes.some(hasEffect)) return false;
    if (block.isExit) return true;
    if (block.successors.length !== 1) return false;
    seen.add(at);
    [at] = block.successors;
  }
  return false;
}

const hasEffect = ({ opcode }: GraphNode): boolean =>
  opcode === Op.Store || opcode === Op.CopyMemory || opcode === Op.ControlBarrier || isAtomic(opcode);
