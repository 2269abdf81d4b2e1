/** Estimates, without running a kernel: what its blocks cost, and how many of its threads are at work. */
import type { Loop } from "../code/index.ts";
import type { Kernel } from "./kernel.ts";

/** How often an estimate takes a loop to run. */
export const ESTIMATED_ROUNDS = 16;
/** Threads of a workgroup, where the module does not tell. */
const ESTIMATED_THREADS = 64;
const DEPTH_MAX = 8;

const costs = new WeakMap<Kernel, Float64Array>();

/** How many instructions a block runs, with each loop around it taken for `ESTIMATED_ROUNDS` rounds. */
export function costOf(kernel: Kernel, block: number): number {
  let known = costs.get(kernel);
  if (known === undefined) costs.set(kernel, (known = findCosts(kernel)));
  return known[block] ?? 0;
}

function findCosts({ graph, flow }: Kernel): Float64Array {
  const rounds = new Map<Loop | undefined, number>([[undefined, 1]]);
  // The outer loops come first.
  for (const loop of flow.loops)
    rounds.set(
      loop,
      Math.min((rounds.get(loop.parent) ?? 1) * ESTIMATED_ROUNDS, ESTIMATED_ROUNDS ** DEPTH_MAX),
    );
  return Float64Array.from(
    graph.blocks,
    ({ index, nodes }) => nodes.length * (rounds.get(flow.loopOf.get(index)) ?? 1),
  );
}

/** Threads of a workgroup: the module's default, or a guess. */
export function threadsOf({ graph }: Kernel): number {
  const size = graph.code.module.entryPoints.find(({ isCompute }) => isCompute)?.localSize;
  return Math.max(1, size?.reduce((product, count) => product * count, 1) ?? ESTIMATED_THREADS);
}

/**
 * The share of a workgroup's threads that are at work in some blocks, by their cost.
 *
 * @param isAlone whether a single thread runs a block while the others wait
 * @param threads of a workgroup
 * @returns from 0 to 1; 1 for blocks without a cost
 */
export function workingShare(
  kernel: Kernel,
  blocks: Iterable<number>,
  isAlone: (block: number) => boolean,
  threads = threadsOf(kernel),
): number {
  let work = 0;
  let all = 0;
  for (const block of blocks) {
    const cost = costOf(kernel, block);
    all += cost;
    work += isAlone(block) ? cost / threads : cost;
  }
  return all === 0 ? 1 : work / all;
}
