/**
 * The shape of the control flow: dominators, post-dominators (Cooper, Harvey and Kennedy, 2001), natural loops, and the
 * region that a branch decides about.
 */
import { badModule } from "./decode.ts";
import { type Effort, KEPT } from "./effort.ts";
import type { Graph, GraphBlock } from "./graph.ts";

/** A loop: its blocks, and where it can be left. */
export interface Loop {
  readonly header: number;
  readonly blocks: ReadonlySet<number>;
  /** Blocks that lead back to the header. */
  readonly latches: readonly number[];
  readonly exits: readonly { readonly from: number; readonly to: number }[];
  /** The loop around it. */
  parent: Loop | undefined;
}

/** What is known of the control flow of a graph. */
export interface Flow {
  /** Blocks that can be reached, in reverse postorder. */
  readonly order: readonly number[];
  readonly loops: readonly Loop[];
  /** The innermost loop of each block. */
  readonly loopOf: ReadonlyMap<number, Loop>;
  dominates(a: number, b: number): boolean;
  /** The nearest block that dominates; -1 for the entry. */
  dominatorOf(block: number): number;
  /** The nearest block that all ways from this one pass; -1 where there is none before the end. */
  postDominatorOf(block: number): number;
  postDominates(a: number, b: number): boolean;
  /** Blocks that run for some of the branch's outcomes only, or a different number of times. */
  regionOf(branch: number): readonly number[];
}

/** @throws EW_BAD_SPIRV where a loop has more than one entry, EW_LINT_LIMIT */
export function flowOf(graph: Graph): Flow {
  const { blocks, effort } = graph;
  const forward = tree(effort, blocks.length, [0], (at) => successorsOf(blocks, at));
  const back = backwardTree(graph, forward.order);
  const dominates = ancestry(forward.parent);
  const postDominates = ancestry(back);
  const postDominatorOf = (block: number): number => {
    const parent = back[block] ?? -1;
    return parent === blocks.length ? -1 : parent;
  };
  const { loops, loopOf } = findLoops(graph, forward, dominates);
  const regions = new Map<number, readonly number[]>();
  const marks = new Int32Array(blocks.length).fill(-1);
  /** Every block between a branch and the block that all its ways pass. */
  const findRegion = (branch: number): readonly number[] => {
    const stop = postDominatorOf(branch);
    const region: number[] = [];
    const visit = (from: number): void => {
      const next = successorsOf(blocks, from);
      effort.spend(next.length);
      for (const to of next) {
        if (to === stop || marks[to] === branch) continue;
        marks[to] = branch;
        region.push(to);
      }
    };
    visit(branch);
    for (let index = 0; index < region.length; index++) visit(region[index] ?? 0);
    effort.spend(region.length * REGION_KEPT);
    return region;
  };
  const regionOf = (branch: number): readonly number[] => {
    const known = regions.get(branch);
    if (known !== undefined) return known;
    const region = findRegion(branch);
    regions.set(branch, region);
    return region;
  };
  const dominatorOf = (block: number): number => forward.parent[block] ?? -1;
  return {
    order: forward.order,
    loops,
    loopOf,
    dominates,
    dominatorOf,
    postDominatorOf,
    postDominates,
    regionOf,
  };
}

/** Steps for an entry of a list that is kept. */
const REGION_KEPT = 2;

/** Blocks that can be reached from `starts` without passing `stop`. */
export function reach(
  effort: Effort,
  starts: readonly number[],
  next: (at: number) => readonly number[],
  stop: number | ((at: number) => boolean),
): readonly number[] {
  const isStop = typeof stop === "number" ? (at: number): boolean => at === stop : stop;
  const found = new Set<number>();
  const open = starts.filter((at) => !isStop(at));
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    const after = next(at);
    effort.spend(1 + after.length);
    for (const to of after) if (!found.has(to) && !isStop(to)) open.push(to);
  }
  return [...found];
}

const successorsOf = (blocks: readonly GraphBlock[], at: number): readonly number[] =>
  blocks[at]?.successors ?? [];

interface Tree {
  /** Reverse postorder. */
  readonly order: readonly number[];
  readonly parent: Int32Array;
  readonly place: Int32Array;
}

/** The dominator tree from a root. Several roots get a root above them: `count`. */
function tree(
  effort: Effort,
  count: number,
  roots: readonly number[],
  next: (at: number) => readonly number[],
): Tree {
  const place = new Int32Array(count + 1).fill(-1);
  const order = postorder(count, roots, next).reverse();
  order.forEach((at, index) => (place[at] = index));
  const cameFrom = new Map<number, number[]>();
  for (const from of order)
    for (const to of next(from)) {
      const list = cameFrom.get(to);
      if (list === undefined) cameFrom.set(to, [from]);
      else list.push(from);
    }
  const parent = new Int32Array(count + 1).fill(-1);
  const root = order[0] ?? 0;
  parent[root] = root;
  const meet = (a: number, b: number): number => {
    let steps = 1;
    for (; a !== b; steps++) {
      if ((place[a] ?? 0) > (place[b] ?? 0)) a = parent[a] ?? root;
      else b = parent[b] ?? root;
    }
    effort.spend(steps);
    return a;
  };
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (let index = 1; index < order.length; index++) {
      const at = order[index] ?? root;
      let best = -1;
      for (const from of cameFrom.get(at) ?? [])
        if ((parent[from] ?? -1) >= 0) best = best < 0 ? from : meet(best, from);
      if (best < 0) best = root;
      if (parent[at] === best) continue;
      parent[at] = best;
      isChanged = true;
    }
  }
  parent[root] = -1;
  return { order, parent, place };
}

function postorder(
  count: number,
  roots: readonly number[],
  next: (at: number) => readonly number[],
): number[] {
  const seen = new Uint8Array(count + 1);
  const order: number[] = [];
  for (const root of roots) {
    const stack: { at: number; index: number }[] = [{ at: root, index: 0 }];
    seen[root] = 1;
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const to = next(top.at)[top.index++];
      if (to === undefined) order.push(stack.pop()?.at ?? 0);
      else if (seen[to] === 0) {
        seen[to] = 1;
        stack.push({ at: to, index: 0 });
      }
    }
  }
  return order;
}

/** Parents of the post-dominator tree. A loop that never ends counts as if it could end where it goes back. */
function backwardTree({ blocks, effort }: Graph, order: readonly number[]): Int32Array {
  const count = blocks.length;
  const reached = new Set(order);
  const predecessors = blocks.map((block) =>
    reached.size === count ? block.predecessors : block.predecessors.filter((from) => reached.has(from)),
  );
  const before = (at: number): readonly number[] => (at === count ? ends : (predecessors[at] ?? []));
  const ends = order.filter((at) => blocks[at]?.isExit === true);
  const found = new Set(reach(effort, [...ends], before, -1));
  for (const at of order.toReversed()) {
    if (found.has(at)) continue;
    ends.push(at);
    for (const more of reach(effort, [at], before, (block) => found.has(block))) found.add(more);
  }
  return tree(effort, count, [count], before).parent;
}

/** Whether a node of a tree is another one, or above it: by entry and exit times. */
function ancestry(parent: Int32Array): (a: number, b: number) => boolean {
  const children = new Map<number, number[]>();
  parent.forEach((above, at) => {
    if (above < 0) return;
    const list = children.get(above);
    if (list === undefined) children.set(above, [at]);
    else list.push(at);
  });
  const enter = new Int32Array(parent.length).fill(-1);
  const leave = new Int32Array(parent.length).fill(-1);
  let time = 0;
  parent.forEach((above, root) => {
    if (above >= 0) return;
    const stack = [{ at: root, index: 0 }];
    enter[root] = time++;
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const child = children.get(top.at)?.[top.index++];
      if (child === undefined) {
        leave[top.at] = time++;
        stack.pop();
      } else {
        enter[child] = time++;
        stack.push({ at: child, index: 0 });
      }
    }
  });
  return (a, b) => (enter[a] ?? 0) <= (enter[b] ?? 0) && (leave[b] ?? 0) <= (leave[a] ?? 0);
}

function findLoops(
  { blocks, effort }: Graph,
  { order, place }: Tree,
  dominates: (a: number, b: number) => boolean,
): { loops: Loop[]; loopOf: Map<number, Loop> } {
  const latches = new Map<number, number[]>();
  for (const from of order)
    for (const to of blocks[from]?.successors ?? []) {
      if ((place[to] ?? 0) > (place[from] ?? 0)) continue;
      if (!dominates(to, from)) throw badModule("a loop has more than one entry");
      const known = latches.get(to);
      if (known === undefined) latches.set(to, [from]);
      else known.push(from);
    }
  const before = (at: number): readonly number[] =>
    (blocks[at]?.predecessors ?? []).filter((from) => (place[from] ?? -1) >= 0);
  const loops = [...latches].map(([header, ends]): Loop => {
    const inside = new Set(reach(effort, ends, before, header)).add(header);
    effort.spend(inside.size * KEPT);
    const exits = [...inside].flatMap((from) =>
      (blocks[from]?.successors ?? []).filter((to) => !inside.has(to)).map((to) => ({ from, to })),
    );
    return { header, blocks: inside, latches: ends, exits, parent: undefined };
  });
  loops.sort((a, b) => b.blocks.size - a.blocks.size);
  const loopOf = new Map<number, Loop>();
  for (const loop of loops) {
    loop.parent = loopOf.get(loop.header);
    for (const at of loop.blocks) loopOf.set(at, loop);
  }
  return { loops, loopOf };
}
