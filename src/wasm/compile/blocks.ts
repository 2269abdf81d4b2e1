/**
 * The blocks of a function: instructions that run one after the other, and where they lead.
 *
 * A block is named by its first instruction. Some blocks are leaders, and those behind a leader that only it leads to
 * are its region:
 *
 *     leader   the begin of a function or of a loop, what follows a call, and where regions come together
 *     region   its blocks are run in one go: nothing in it leads back, and nothing leads into it
 *
 * Instances may be left at leaders and go on there. Before some leaders (`isChecked`) they look whether they must.
 */
import { type Instruction, Mode, Operation as Op } from "../form/index.ts";
import type { FunctionCode } from "./function-code.ts";

/** A block. */
export interface Block {
  readonly first: number;
  /** The last instruction. */
  readonly last: number;
  /** Blocks that it leads to, in the order of its branch: the one that is taken, then the next. */
  readonly successors: readonly number[];
  /** How many branches lead to it. */
  entries: number;
  /** The leader of its region. */
  leader: number;
  /** The block of its region through which all ways to it lead, the nearest one. The leader has none. */
  dominator: number | undefined;
  /** Something leads back to it, a call leads to it or returns to it, or it has steps or follows what has steps. */
  isChecked: boolean;
}

/** A loop: from its first block to the last one that leads back, and everything between. */
export interface Loop {
  readonly first: number;
  /** The first instruction behind it. */
  end: number;
}

/** The blocks of a function that can be reached, in their order, and its loops, the outer before the inner. */
export interface BlockGraph {
  readonly blocks: ReadonlyMap<number, Block>;
  readonly loops: readonly Loop[];
  /** The most instructions that run from one look at the fuel to the next. */
  readonly longest: number;
}

/** Finds the blocks of a function. @param jumps targets of all `TABLE_JUMP` */
export function findBlocks(code: FunctionCode, jumps: readonly number[]): BlockGraph {
  const blocks = cut(code, jumps);
  const loops = findLoops(blocks);
  findRegions(code, blocks, loops);
  return { blocks, loops, longest: longestWay(blocks) };
}

/** Whether the code behind an instruction is a block of its own. */
function endsBlock({ operation, mode }: Instruction): boolean {
  if (operation >= Op.LANE_FIRST) return false;
  return mode === Mode.BRANCH_IF || mode === Mode.BRANCH_UNLESS || ENDING.has(operation);
}
const ENDING: ReadonlySet<number> = new Set([
  Op.JUMP,
  Op.TABLE_JUMP,
  Op.RETURN,
  Op.UNREACHABLE,
  Op.CALL,
  Op.CALL_INDIRECT,
  Op.HOST_CALL,
  Op.MEMORY_INIT,
  Op.MEMORY_COPY,
  Op.MEMORY_FILL,
]);

/** Where an instruction leads that ends a block. */
function targetsOf(instruction: Instruction, next: number, jumps: readonly number[]): number[] {
  const { operation, mode, target, b } = instruction;
  if (mode === Mode.BRANCH_IF || mode === Mode.BRANCH_UNLESS) return [target, next];
  if (operation === Op.JUMP) return [target];
  if (operation === Op.TABLE_JUMP) return jumps.slice(b.value, b.value + target);
  return operation === Op.RETURN || operation === Op.UNREACHABLE ? [] : [next];
}

/** Whether an instruction works on memory in steps: a block of its own, which runs until nothing is left to do. */
export function hasSteps({ operation }: Instruction): boolean {
  return operation === Op.MEMORY_INIT || operation === Op.MEMORY_COPY || operation === Op.MEMORY_FILL;
}

/** Whether fuel is used up before what follows, as much as there may be. */
function isLong({ operation }: Instruction): boolean {
  return operation === Op.CALL || operation === Op.CALL_INDIRECT || operation === Op.HOST_CALL;
}

function cut({ start, instructions }: FunctionCode, jumps: readonly number[]): Map<number, Block> {
  const begins = new Set([start]);
  instructions.forEach((instruction, index) => {
    if (!endsBlock(instruction)) return;
    begins.add(start + index + 1);
    if (hasSteps(instruction)) begins.add(start + index);
    for (const target of targetsOf(instruction, start + index + 1, jumps)) begins.add(target);
  });
  const found = new Map<number, Block>();
  const open = [start];
  while (open.length > 0) {
    const first = open.pop()!;
    if (found.has(first)) continue;
    let last = first;
    while (!endsBlock(instructions[last - start]!) && !begins.has(last + 1)) last++;
    const ending = instructions[last - start]!;
    const successors = endsBlock(ending) ? targetsOf(ending, last + 1, jumps) : [last + 1];
    found.set(first, {
      first,
      last,
      successors,
      entries: 0,
      leader: first,
      dominator: undefined,
      isChecked: false,
    });
    open.push(...successors);
  }
  const blocks = new Map([...found].toSorted(([a], [b]) => a - b));
  for (const { successors } of blocks.values()) for (const each of successors) blocks.get(each)!.entries++;
  return blocks;
}

function findLoops(blocks: ReadonlyMap<number, Block>): Loop[] {
  const loops = new Map<number, Loop>();
  for (const { first, last, successors } of blocks.values()) {
    for (const target of successors) {
      if (target > first) continue;
      const loop = loops.get(target);
      if (loop === undefined) loops.set(target, { first: target, end: last + 1 });
      else loop.end = Math.max(loop.end, last + 1);
    }
  }
  const list = [...loops.values()].toSorted((a, b) => a.first - b.first);
  // A loop ends behind the loops that begin in it.
  for (const inner of list.toReversed())
    for (const outer of list)
      if (outer.first < inner.first && inner.first < outer.end) outer.end = Math.max(outer.end, inner.end);
  return list;
}

function findRegions(
  { start, instructions }: FunctionCode,
  blocks: ReadonlyMap<number, Block>,
  loops: readonly Loop[],
): void {
  const cameFrom = new Map<number, Block[]>();
  for (const block of blocks.values()) {
    const ending = instructions[block.last - start]!;
    if (hasSteps(ending)) block.isChecked = true;
    const isBehindLong = isLong(ending) || hasSteps(ending);
    for (const target of block.successors) {
      if (target <= block.first || isBehindLong) blocks.get(target)!.isChecked = true;
      cameFrom.set(target, [...(cameFrom.get(target) ?? []), block]);
    }
  }
  blocks.get(start)!.isChecked = true;
  const loopOf = (at: number): Loop | undefined =>
    loops.findLast(({ first, end }) => first <= at && at < end);
  for (const block of blocks.values()) {
    if (block.isChecked) continue;
    // All of them come before this block, so their regions are known.
    const before = cameFrom.get(block.first)!;
    const { leader } = before[0]!;
    const isInside = before.every((each) => each.leader === leader);
    if (!isInside || loopOf(leader) !== loopOf(block.first)) continue;
    block.leader = leader;
    block.dominator = before.map(({ first }) => first).reduce((a, b) => common(blocks, a, b));
  }
}

/** The nearest block through which all ways to both lead. */
function common(blocks: ReadonlyMap<number, Block>, a: number, b: number): number {
  let [x, y] = [a, b];
  while (x !== y) {
    // Dominators come before what they dominate.
    if (x > y) x = blocks.get(x)!.dominator!;
    else y = blocks.get(y)!.dominator!;
  }
  return x;
}

function longestWay(blocks: ReadonlyMap<number, Block>): number {
  const ways = new Map<number, number>();
  for (const { first, last, successors } of [...blocks.values()].toReversed()) {
    const onward = successors.map((target) => (blocks.get(target)!.isChecked ? 0 : ways.get(target)!));
    ways.set(first, last - first + 1 + onward.reduce((a, b) => Math.max(a, b), 0));
  }
  return [...ways.values()].reduce((a, b) => Math.max(a, b), 0);
}
