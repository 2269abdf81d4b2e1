/**
 * The phases of a kernel: what its time is told by. Each loop is one, without the loops inside of it. What a function
 * does outside of its loops is one. Calls are not followed: a function that is called has phases of its own. What everwarp
 * puts around a kernel is one phase together.
 */
import {
  type Code,
  type CodeBlock,
  type CodeFunction,
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

/** A loop, what a function does outside of its loops, or all that is not the kernel's own. */
export interface Phase {
  /** Its place in the list of phases. */
  readonly index: number;
  readonly kind: "loop" | "function" | "runtime";
  /** The name of the function. Empty in a module without names, and for the runtime. */
  readonly name: string;
  /** Undefined in a module without lines. */
  readonly range: LineRange | undefined;
  /** Instructions of each of its blocks, by the block's label. */
  readonly weights: ReadonlyMap<number, number>;
}

/** Instructions that a device does not run. */
const SILENT: ReadonlySet<number> = new Set([Op.Variable, Op.Phi, Op.LoopMerge, Op.SelectionMerge]);

/** Where the lines of a module are, and which of them are the kernel's own. */
export interface PhaseSource {
  locate(at: Location): Location;
  /** Whether a file is a part of what everwarp puts around a kernel. */
  isRuntime(file: string | undefined): boolean;
}

const AS_IS: PhaseSource = { locate: (at) => at, isRuntime: () => false };

/**
 * The phases of the functions that an entry point reaches: that of the runtime, then the others in the order of the
 * module.
 *
 * @throws EW_BAD_SPIRV where a loop has more than one entry
 */
export function phasesOf(code: Code, source: PhaseSource = AS_IS): readonly Phase[] {
  const runtime = new Map<number, number>();
  const phases: Phase[] = [{ index: 0, kind: "runtime", name: "", range: undefined, weights: runtime }];
  const called = reachedFunctions(code);
  for (const of of code.functions.values()) {
    if (!called.has(of.id)) continue;
    const file = of.blocks.flatMap((block) => placesOf(block, source.locate))[0]?.file;
    if (source.isRuntime(file)) for (const block of of.blocks) runtime.set(block.label, weightOf(block));
    else phases.push(...phasesOfFunction(code, of, source, phases.length));
  }
  return phases;
}

function phasesOfFunction(code: Code, of: CodeFunction, { locate }: PhaseSource, first: number): Phase[] {
  const name = (code.names.get(of.id) ?? "").replace(/\(.*$/, "");
  const { order, loops, loopOf } = flowOf({ code, blocks: graphOf(of), nodes: [] });
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
      range: rangeOf(header === undefined ? around : [header, ...around], locate),
      weights: new Map(own.map((block) => [block.label, weightOf(block)])),
    };
  });
}

function reachedFunctions(code: Code): ReadonlySet<number> {
  const reached = new Set<number>();
  const open = [code.entry];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    for (const { instructions } of code.functions.get(id)?.blocks ?? [])
      for (const { opcode, operands } of instructions)
        if (opcode === Op.FunctionCall) open.push(operands[0] ?? 0);
  }
  return reached;
}

/** The blocks of one function, without values. */
function graphOf(of: CodeFunction): readonly GraphBlock[] {
  const places = new Map(of.blocks.map(({ label }, index) => [label, index]));
  const blocks = of.blocks.map(({ label, terminator }, index): GraphBlock => {
    const successors = targetsOf(terminator.opcode, terminator.operands).flatMap(
      (target) => places.get(target) ?? [],
    );
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

/** Labels that a terminator may lead to; words of a switch that are no labels are among them. */
function targetsOf(opcode: number, operands: readonly number[]): readonly number[] {
  if (opcode === Op.Branch) return operands.slice(0, 1);
  if (opcode === Op.BranchConditional) return operands.slice(1, 3);
  return opcode === Op.Switch ? operands.slice(1) : [];
}

const weightOf = ({ instructions }: CodeBlock): number =>
  instructions.filter(({ opcode }) => !SILENT.has(opcode)).length + 1;

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
