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

/** Branches that part the threads, in order, and where their outcome decides. */
interface Around {
  readonly branches: readonly GraphBlock[];
  /** By the number of a block: which of the branches decide whether it runs. Their places rise. */
  readonly places: ReadonlyMap<number, readonly number[]>;
}

/** Steps for an entry of a list that is kept. */
const PLACE_KEPT = 4;

/** Whether threads part at a branch because a load of shared memory races with a store. */
export function isPartedByRace(kernel: Kernel, { condition }: GraphBlock): boolean {
  const loads = condition === undefined ? [] : kernel.loadsBehind(condition);
  return loads.some((load) => kernel.uniformity.isRacing(load));
}

const partings = new WeakMap<Kernel, readonly Parting[]>();

/** Every barrier with the branch that is to blame, and returns before an endless loop. */
export function findPartings(kernel: Kernel): readonly Parting[] {
  let known = partings.get(kernel);
  if (known === undefined) partings.set(kernel, (known = partingsOf(kernel)));
  return known;
}

function partingsOf(kernel: Kernel): readonly Parting[] {
  const { graph, flow, uniformity } = kernel;
  const branches = flow.order.flatMap((at) => {
    const block = graph.blocks[at];
    return block?.condition !== undefined && uniformity.levelOf(block.condition) > UNIFORM ? [block] : [];
  });
  const around = aroundBlocks(kernel, branches);
  const atBarriers = kernel.barriers.flatMap((barrier): Parting[] => {
    const branch = toBlame(kernel, barrier.block, around);
    return branch === undefined ? [] : [{ branch, barrier, isEarlyExit: leaves(kernel, branch, barrier) }];
  });
  const known = new Set(atBarriers.map(({ branch }) => branch));
  const atLoops = branches
    .filter(
      (branch, place) =>
        !known.has(branch) && isReturnBeforeLoop(kernel, branch, (block) => decides(around, place, block)),
    )
    .map((branch): Parting => ({ branch, barrier: undefined, isEarlyExit: true }));
  return [...atBarriers, ...atLoops];
}

function aroundBlocks({ graph, flow }: Kernel, branches: readonly GraphBlock[]): Around {
  const places = new Map<number, number[]>();
  branches.forEach((branch, place) => {
    const region = flow.regionOf(branch.index);
    graph.effort.spend(region.length * PLACE_KEPT);
    for (const at of region) {
      const known = places.get(at);
      if (known === undefined) places.set(at, [place]);
      else known.push(place);
    }
  });
  return { branches, places };
}

/** Whether the branch at a place decides whether a block runs. */
function decides({ places }: Around, place: number, block: number): boolean {
  const known = places.get(block) ?? [];
  let first = 0;
  for (let end = known.length; first < end;) {
    const middle = (first + end) >>> 1;
    if ((known[middle] ?? 0) < place) first = middle + 1;
    else end = middle;
  }
  return known[first] === place;
}

/** The branch that keeps some threads from a block. */
function toBlame({ graph, flow }: Kernel, block: number, around: Around): GraphBlock | undefined {
  const candidates = around.places.get(block) ?? [];
  graph.effort.spend(candidates.length ** 2);
  const isIn = (of: number, other: number): boolean =>
    decides(around, other, around.branches[of]?.index ?? -1);
  // Behind a branch that parts the threads, more values differ. The first branch is to blame.
  const first = candidates.filter(
    (of) => !candidates.some((other) => other !== of && isIn(of, other) && !isIn(other, of)),
  );
  return (first.length > 0 ? first : candidates)
    .flatMap((of) => around.branches[of] ?? [])
    .toSorted((a, b) => flow.regionOf(a.index).length - flow.regionOf(b.index).length)[0];
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
function isReturnBeforeLoop(kernel: Kernel, branch: GraphBlock, isIn: (block: number) => boolean): boolean {
  const { graph, flow, loops, pollLoops } = kernel;
  const join = flow.postDominatorOf(branch.index);
  if (join >= 0 && !isEnd(kernel, join)) return false;
  const next = (at: number): readonly number[] => graph.blocks[at]?.successors ?? [];
  graph.effort.spend(flow.loops.length);
  return flow.loops.some((loop) => {
    if (loop.blocks.has(branch.index) || !isIn(loop.header)) return false;
    if (!pollLoops.includes(loop) && loops.ends(loop)) return false;
    return branch.successors.some((to) => {
      const past = reach(graph.effort, [to], next, loop.header);
      return past.some((at) => graph.blocks[at]?.isExit === true);
    });
  });
}

/** Whether a kernel ends behind a block without doing anything: optimisers turn a return into a branch to the end. */
function isEnd({ graph }: Kernel, from: number): boolean {
  const seen = new Set<number>();
  for (let at: number | undefined = from; at !== undefined && !seen.has(at);) {
    const block: GraphBlock | undefined = graph.blocks[at];
    graph.effort.spend(1 + (block?.nodes.length ?? 0));
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
