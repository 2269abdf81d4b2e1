/**
 * The phases of a kernel: what its time is told by. Each loop is one, without the loops inside of it. What a function
 * does outside of its loops is one. Calls are not followed: a function that is called has phases of its own, unless it
 * has no branches: then it is a part of those that call it. What everwarp puts around a kernel has no phases.
 */
import path from "node:path";
import { packageRoot } from "../../base/index.ts";
import {
  type Code,
  type CodeBlock,
  type CodeFunction,
  Effort,
  type Flow,
  flowOf,
  type GraphBlock,
  type Location,
  Op,
} from "../code/index.ts";

/** Lines of a source file. */
export interface LineRange {
  readonly file: string | undefined;
  readonly firstLine: number;
  readonly lastLine: number;
}

/** A loop, or what a function does outside of its loops. */
export interface Phase {
  /** Its place in the list of phases. */
  readonly index: number;
  readonly kind: "loop" | "function";
  /** The name of the function. Empty in a module without names. */
  readonly name: string;
  /** Undefined in a module without lines. */
  readonly range: LineRange | undefined;
  /** The labels of its blocks. */
  readonly labels: ReadonlySet<number>;
  /**
   * Where to count it: instructions by the labels of blocks. Blocks that the same threads run are counted together, in
   * the first of them.
   */
  readonly counted: ReadonlyMap<number, number>;
}

/** Instructions that a device does not run. */
const SILENT: ReadonlySet<number> = new Set([Op.Variable, Op.Phi, Op.LoopMerge, Op.SelectionMerge]);

/** Where the lines of a module are, and which of them are the kernel's own. */
export interface PhaseSource {
  readonly locate: (at: Location) => Location;
  /** Whether a file is a part of what everwarp puts around a kernel. */
  readonly isRuntime: (file: string | undefined) => boolean;
}

const AS_IS: PhaseSource = { locate: (at) => at, isRuntime: () => false };

/**
 * The phases of the functions that an entry point reaches, in the order of the module.
 *
 * @throws EW_BAD_SPIRV where a loop has more than one entry
 */
export function phasesOf(code: Code, source: PhaseSource = AS_IS): readonly Phase[] {
  const phases: Phase[] = [];
  const reached = reachedFunctions(code);
  const isRuntime = (of: CodeFunction): boolean =>
    source.isRuntime(of.blocks.flatMap((block) => placesOf(block, source.locate))[0]?.file);
  const own = [...code.functions.values()].filter((of) => reached.has(of.id) && !isRuntime(of));
  const straight = straightFunctions(code, reached, new Set(own.map(({ id }) => id)));
  const weightOf = weigher(code, straight);
  for (const of of own)
    if (!straight.has(of.id))
      phases.push(...phasesOfFunction(code, of, { source, weightOf, first: phases.length }));
  return phases;
}

/** Functions without branches that only a kernel's own functions call. */
function straightFunctions(
  code: Code,
  reached: ReadonlySet<number>,
  own: ReadonlySet<number>,
): ReadonlySet<number> {
  const found = new Set(
    [...own].filter((id) => id !== code.entry && code.functions.get(id)?.blocks.length === 1),
  );
  for (const id of reached) {
    if (own.has(id)) continue;
    for (const callee of calleesOf(code.functions.get(id))) found.delete(callee);
  }
  return found;
}

/** Instructions of a block, with those of the functions without branches that it calls. */
function weigher(code: Code, straight: ReadonlySet<number>): (block: CodeBlock) => number {
  const known = new Map<number, number>();
  const weightOf = ({ instructions }: CodeBlock): number => {
    let weight = 1;
    for (const { opcode, operands } of instructions) {
      if (!SILENT.has(opcode)) weight++;
      if (opcode === Op.FunctionCall && straight.has(operands[0] ?? 0))
        weight += weightOfFunction(operands[0] ?? 0);
    }
    return weight;
  };
  const weightOfFunction = (id: number): number => {
    let weight = known.get(id);
    if (weight !== undefined) return weight;
    known.set(id, 0); // a function that calls itself
    const [block] = code.functions.get(id)?.blocks ?? [];
    weight = block === undefined ? 0 : weightOf(block);
    known.set(id, weight);
    return weight;
  };
  return weightOf;
}

interface Search {
  readonly source: PhaseSource;
  readonly weightOf: (block: CodeBlock) => number;
  /** The index of the function's first phase. */
  readonly first: number;
}

function phasesOfFunction(code: Code, of: CodeFunction, { source, weightOf, first }: Search): Phase[] {
  const name = (code.names.get(of.id) ?? "").replace(/\(.*$/, "");
  const flow = flowOf({ code, blocks: graphOf(of), nodes: [], effort: new Effort() });
  const { order, loops, loopOf } = flow;
  const blocksOf = (isIn: (at: number) => boolean): CodeBlock[] =>
    order
      .filter(isIn)
      .toSorted((a, b) => a - b)
      .flatMap((at) => of.blocks[at] ?? []);
  return [undefined, ...loops.toSorted((a, b) => a.header - b.header)].map((loop, index): Phase => {
    const own = blocksOf((at) => loopOf.get(at) === loop);
    const around = blocksOf((at) => loop === undefined || loop.blocks.has(at));
    const header = of.blocks[loop?.header ?? 0];
    return {
      index: first + index,
      kind: loop === undefined ? "function" : "loop",
      name,
      range: rangeOf(header === undefined ? around : [header, ...around], source.locate),
      labels: new Set(own.map(({ label }) => label)),
      counted: countedBlocks(
        order.filter((at) => loopOf.get(at) === loop),
        of,
        flow,
        weightOf,
      ),
    };
  });
}

/** Blocks that come only together are counted in the first of them. @param own blocks of a phase, in their order */
function countedBlocks(
  own: readonly number[],
  of: CodeFunction,
  flow: Flow,
  weightOf: Search["weightOf"],
): ReadonlyMap<number, number> {
  const firsts: { readonly at: number; weight: number }[] = [];
  for (const at of own) {
    const block = of.blocks[at];
    if (block === undefined) continue;
    const first = firsts.find((each) => flow.dominates(each.at, at) && flow.postDominates(at, each.at));
    if (first === undefined) firsts.push({ at, weight: weightOf(block) });
    else first.weight += weightOf(block);
  }
  return new Map(firsts.map(({ at, weight }) => [of.blocks[at]?.label ?? 0, weight]));
}

function reachedFunctions(code: Code): ReadonlySet<number> {
  const reached = new Set<number>();
  const open = [code.entry];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    open.push(...calleesOf(code.functions.get(id)));
  }
  return reached;
}

function calleesOf(of: CodeFunction | undefined): readonly number[] {
  return (of?.blocks ?? []).flatMap(({ instructions }) =>
    instructions.filter(({ opcode }) => opcode === Op.FunctionCall).map(({ operands }) => operands[0] ?? 0),
  );
}

/** The blocks of one function, without values. */
function graphOf(of: CodeFunction): readonly GraphBlock[] {
  const places = new Map(of.blocks.map(({ label }, index) => [label, index]));
  const blocks = of.blocks.map(({ label, terminator, targets }, index): GraphBlock => {
    const successors = targets.flatMap((target) => places.get(target) ?? []);
    return {
      index,
      label,
      nodes: [],
      successors: [...new Set(successors)],
      predecessors: [],
      condition: undefined,
      location: terminator.location,
      isExit: successors.length === 0,
    };
  });
  for (const { index, successors } of blocks)
    for (const to of successors) blocks[to]?.predecessors.push(index);
  return blocks;
}

function placesOf({ instructions, terminator }: CodeBlock, locate: PhaseSource["locate"]): Location[] {
  return [...instructions, terminator].flatMap(({ location }) =>
    location === undefined ? [] : [locate(location)],
  );
}

/** From the first to the last line, in the file in which the phase begins. */
function rangeOf(blocks: readonly CodeBlock[], locate: PhaseSource["locate"]): LineRange | undefined {
  const places = blocks.flatMap((block) => placesOf(block, locate));
  const file = places[0]?.file;
  const lines = places.filter((place) => place.file === file).map(({ line }) => line);
  if (lines.length === 0) return undefined;
  return { file, firstLine: Math.min(...lines), lastLine: Math.max(...lines) };
}

/** Whether a file is a part of what everwarp puts around kernels. Functions without lines are empty ones of it. */
export function isRuntime(file: string | undefined): boolean {
  if (file === undefined) return false;
  if (file === "kernel-types.glsl") return true;
  const inside = path.relative(path.join(packageRoot(), "glsl"), path.resolve(file));
  return /^(?:kernel\.glsl|residency\.glsl|seal\.glsl|residency[\\/].*)$/.test(inside);
}
