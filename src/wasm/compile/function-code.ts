/** The code of a program, function by function. */
import { INSTRUCTION_WORDS, type Instruction, unpackInstruction } from "../form/index.ts";
import type { Program, ProgramFunction } from "../store/index.ts";

/** A function and its instructions. */
export interface FunctionCode extends ProgramFunction {
  /** Its number in the program. */
  readonly number: number;
  /** The instruction behind its last one. */
  readonly end: number;
  /** Its instructions, from `start` on. */
  readonly instructions: readonly Instruction[];
}

/** Reads functions of a program, those that are asked for. */
export class ProgramCode {
  readonly program: Program;
  readonly #ends = new Map<number, number>();

  constructor(program: Program) {
    this.program = program;
    const { code, functions } = program;
    const starts = functions.map(({ start }) => start).toSorted((a, b) => a - b);
    starts.forEach((start, index) =>
      this.#ends.set(start, starts[index + 1] ?? code.length / INSTRUCTION_WORDS),
    );
  }

  /** How many instructions a function has. */
  countOf(number: number): number {
    const { start } = this.program.functions[number]!;
    return this.#ends.get(start)! - start;
  }

  /** Reads a function. */
  of(number: number): FunctionCode {
    const entry = this.program.functions[number]!;
    const count = this.countOf(number);
    const instructions = Array.from({ length: count }, (_, index) =>
      unpackInstruction(this.program.code, entry.start + index),
    );
    return { ...entry, number, end: entry.start + count, instructions };
  }
}
