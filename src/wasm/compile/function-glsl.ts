/**
 * A function as GLSL. Each region becomes a function of its own, and so an instruction that traps returns:
 *
 *     void region12() { … next = 17; … }
 *
 * What runs them is made of conditions and loops alone, so it can begin anywhere:
 *
 *     if (next == 12u) region12();
 *     for (uint n = 0u; n < launch.quantum && next - 17u < 9u; n++) {        // the loop from 17 up to 26
 *       if (next == 17u) region17();
 *       if (next == 20u) region20();
 *     }
 *
 * What leads back looks at the budget, and an instance that must be parked has no block that is next. The loops count
 * their rounds all the same: each ends for itself, and an instance that was in it goes on with what is next.
 */
import { type Instruction, Mode, Operation as Op } from "../form/index.ts";
import type { Program } from "../store/index.ts";
import { slotCount } from "../translate/index.ts";
import { type Block, type BlockGraph, hasSteps, type Loop } from "./blocks.ts";
import type { CallTargets } from "./calls.ts";
import { instructionStatements } from "./instruction-glsl.ts";
import type { FunctionVariables } from "./registers.ts";

/** A function that is compiled. */
export interface CompiledFunction {
  readonly variables: FunctionVariables;
  readonly graph: BlockGraph;
}

/** Functions of a program that are compiled together. */
export interface CompiledUnit {
  readonly program: Program;
  readonly targets: CallTargets;
  /** By their numbers, each before its callers. */
  readonly functions: ReadonlyMap<number, CompiledFunction>;
}

/** Lines as the body of something. */
export const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/** The leaders among the blocks, in their order. */
export function leadersOf({ blocks }: BlockGraph): number[] {
  return [...blocks.values()].filter(({ first, leader }) => first === leader).map(({ first }) => first);
}

/** The statements that run whichever region of a function is next, until it is none of them or a loop was left. */
export function runLines({ graph }: CompiledFunction): string[] {
  const leaders = leadersOf(graph);
  const lines: string[] = [];
  let at = 0;
  const nest = (loops: readonly Loop[], end: number, into: string[]): void => {
    let rest = loops;
    while (at < leaders.length && leaders[at]! < end) {
      const leader = leaders[at]!;
      const loop = rest.find(({ first }) => first === leader);
      if (loop === undefined) {
        into.push(`if (next == ${leader}u) region${leader}();`);
        at++;
        continue;
      }
      rest = rest.filter((each) => each !== loop);
      const body: string[] = [];
      nest(rest, loop.end, body);
      const isIn = `next - ${loop.first}u < ${loop.end - loop.first}u`;
      into.push(`for (uint n = 0u; n < launch.quantum && ${isIn}; n++) {`, ...indented(body), "}");
    }
  };
  nest(graph.loops, Infinity, lines);
  return lines;
}

/** Writes the regions of a function. */
export class RegionWriter {
  readonly #function: CompiledFunction;
  readonly #unit: CompiledUnit;
  /** Blocks that a block is the dominator of. */
  readonly #below = new Map<number, Block[]>();

  constructor(compiled: CompiledFunction, unit: CompiledUnit) {
    this.#function = compiled;
    this.#unit = unit;
    for (const block of compiled.graph.blocks.values()) {
      if (block.dominator === undefined) continue;
      this.#below.set(block.dominator, [...(this.#below.get(block.dominator) ?? []), block]);
    }
  }

  /** The functions of all regions. */
  lines(): string[] {
    return leadersOf(this.#function.graph).flatMap((leader) => [
      `void region${leader}() {`,
      ...indented(this.#tree(this.#block(leader))),
      "}",
      "",
    ]);
  }

  #block(first: number): Block {
    return this.#function.graph.blocks.get(first)!;
  }

  /** A block and all that it dominates. */
  #tree(block: Block): string[] {
    const { variables } = this.#function;
    const { start, instructions } = variables.code;
    const ending = instructions[block.last - start]!;
    if (hasSteps(ending)) return this.#steps(block, ending);
    const lines = [`budget -= ${block.last - block.first + 1};`];
    for (let at = block.first; at < block.last; at++)
      lines.push(...instructionStatements(instructions[at - start]!, at, this.#place()).lines);
    lines.push(...this.#ending(block, ending));
    for (const each of this.#below.get(block.first) ?? []) {
      if (each.entries === 1) continue; // it stands where its one branch is
      lines.push(`if (next == ${each.first}u) {`, ...indented(this.#tree(each)), "}");
    }
    return lines;
  }

  #place() {
    return { variables: this.#function.variables, program: this.#unit.program };
  }

  #ending(block: Block, instruction: Instruction): string[] {
    const { operation, mode, target } = instruction;
    const at = block.last;
    const go = (index: number): string[] => this.#go(block.successors[index]!);
    if (operation < Op.LANE_FIRST) {
      if (mode === Mode.BRANCH_IF || mode === Mode.BRANCH_UNLESS) {
        const { lines, condition } = instructionStatements(instruction, at, this.#place());
        const [yes, no] = mode === Mode.BRANCH_IF ? [go(0), go(1)] : [go(1), go(0)];
        return [...lines, `if (${condition}) {`, ...indented(yes), "} else {", ...indented(no), "}"];
      }
      switch (operation) {
        case Op.JUMP:
          return go(0);
        case Op.TABLE_JUMP:
          return this.#tableJump(block, instruction);
        case Op.UNREACHABLE:
          return [`stop(TRAP_UNREACHABLE, ${at}u);`, "return;"];
        case Op.RETURN:
          return [`leave${this.#function.variables.code.number}();`];
        case Op.CALL:
          return this.#call(at, target, instruction.b.value);
        case Op.CALL_INDIRECT:
          return this.#callIndirect(at, instruction);
        case Op.HOST_CALL:
          return [`hostCall = ${target}u;`, "status = STATUS_WAITING;", `park(${at + 1}u);`];
      }
    }
    return [...instructionStatements(instruction, at, this.#place()).lines, ...go(0)];
  }

  /** Goes on with a block. */
  #go(to: number): string[] {
    const block = this.#block(to);
    if (block.leader !== to) return block.entries === 1 ? this.#tree(block) : [`next = ${to}u;`];
    return [block.isChecked ? `look(${to}u);` : `goOn(${to}u);`];
  }

  #tableJump(block: Block, { a, target }: Instruction): string[] {
    const index = this.#function.variables.value(a).short;
    const cases = Array.from({ length: target }, (_, entry) => {
      const label = entry === target - 1 ? "default:" : `case ${entry}u:`;
      return [label, ...indented([...this.#go(block.successors[entry]!), "break;"])];
    });
    return [`switch (${index}) {`, ...indented(cases.flat()), "}"];
  }

  #call(at: number, number: number, argumentsAt: number): string[] {
    const { variables } = this.#function;
    const callee = this.#unit.functions.get(number)!.variables;
    const { frameSlots, type, start } = callee.code;
    const base = `${variables.base} + ${argumentsAt}u`;
    const moves = Array.from({ length: slotCount(type.params) }, (_, slot) =>
      assignRegister([callee, slot], [variables, argumentsAt + slot]),
    );
    return [
      `if (!hasRoom(${base}, ${frameSlots}u)) { stop(TRAP_STACK_EXHAUSTED, ${at}u); return; }`,
      `${callee.base} = ${base};`,
      `${callee.callerBase} = ${variables.base};`,
      `${callee.returnTo} = ${at + 1}u;`,
      "depth++;",
      ...moves,
      `look(${start}u);`,
    ];
  }

  #callIndirect(at: number, instruction: Instruction): string[] {
    const { a, b, c } = instruction;
    const index = this.#function.variables.value(a).short;
    const stop = (reason: string): string => `{ stop(${reason}, ${at}u); return; }`;
    const cases = this.#unit.targets
      .of(instruction)
      .flatMap((number) => [
        `case ${number}u: {`,
        ...indented([...this.#call(at, number, b.value), "break;"]),
        "}",
      ]);
    return [
      `if (${index} >= readCell(tableSizeCell(${c}u))) ${stop("TRAP_UNDEFINED_ELEMENT")}`,
      `uint reference${at} = readCell(${this.#unit.program.tableCells[c]!}u + ${index});`,
      `if (reference${at} == 0u) ${stop("TRAP_UNINITIALIZED_ELEMENT")}`,
      `switch (reference${at} - 1u) {`,
      // Everything else in tables is of another type.
      ...indented([...cases, `default: ${stop("TRAP_TYPE_MISMATCH")}`]),
      "}",
    ];
  }

  /** An instruction that works in steps: as many as the budget has room for. */
  #steps({ first: at }: Block, { operation, c, target, b }: Instruction): string[] {
    const { variables } = this.#function;
    const slots = [0, 1, 2].map((index) => b.value + index);
    const stores = slots.map((slot) => `writeSlot(base + ${slot}u, ${variables.registerValue(slot).long});`);
    const loads = slots.map((slot) =>
      variables.assign(slot, { text: `readSlot(base + ${slot}u)`, type: "long" }),
    );
    return [
      `base = ${variables.base};`,
      ...stores,
      `pc = ${at}u;`,
      `takeSteps(${operation}u, ${c}u, ${target}u, ${b.value}u);`,
      `if (trap != TRAP_NONE) { stop(trap, ${at}u); return; }`,
      ...loads,
      `if (pc == ${at}u) park(${at}u); else look(${at + 1}u);`,
    ];
  }
}

/** The assignment of a register of one function to a register of another one. */
export function assignRegister(
  [to, target]: readonly [FunctionVariables, number],
  [from, source]: readonly [FunctionVariables, number],
): string {
  return to.assign(target, { text: from.registerValue(source).long, type: "long" });
}
