/** The variables of GLSL that hold what a compiled program works on, and operands as expressions. */
import { Kind, type Operand } from "../form/index.ts";
import type { Program } from "../store/index.ts";
import type { FunctionCode } from "./function-code.ts";
import type { Expression, Value } from "./numeric-glsl.ts";
import { longRegisters } from "./widths.ts";

/** The variable of a global's slot. */
export const globalName = (slot: number): string => `global${slot}`;

/** The variable with the size of a memory in bytes. */
export const memorySizeName = (memory: number): string => `memoryBytes${memory}`;

/** A number of 64 bits. */
export const longLiteral = (bits: bigint): string => `0x${bits.toString(16)}ul`;

/** The variables of a function. */
export class FunctionVariables {
  readonly code: FunctionCode;
  readonly #program: Program;
  readonly #long: ReadonlySet<number>;
  /** The registers that have a variable. */
  readonly used = new Set<number>();

  constructor(code: FunctionCode, program: Program) {
    this.code = code;
    this.#program = program;
    this.#long = longRegisters(code, program.functions);
  }

  /** The first register of the function, counted in slots. */
  get base(): string {
    return `base${this.code.number}`;
  }

  /** The first register of its caller. */
  get callerBase(): string {
    return `caller${this.code.number}`;
  }

  /** The block that it returns to; PARKED where the caller's frame lies in memory. */
  get returnTo(): string {
    return `return${this.code.number}`;
  }

  isLong(register: number): boolean {
    return this.#long.has(register);
  }

  /** The variable of a register. */
  register(register: number): string {
    this.used.add(register);
    return `r${this.code.number}_${register}`;
  }

  /** A register as numbers. */
  registerValue(register: number): Value {
    const name = this.register(register);
    return this.isLong(register)
      ? { short: `uint(${name})`, long: name }
      : { short: name, long: `uint64_t(${name})` };
  }

  /** An operand as numbers. */
  value({ kind, value }: Operand): Value {
    switch (kind) {
      case Kind.REGISTER:
        return this.registerValue(value);
      case Kind.NUMBER:
        return { short: `${value}u`, long: `${value}ul` };
      case Kind.CONSTANT: {
        const bits = this.#program.constants[value]!;
        return { short: `${Number(bits & 0xffff_ffffn)}u`, long: longLiteral(bits) };
      }
      default:
        return { short: `uint(${globalName(value)})`, long: globalName(value) };
    }
  }

  /** The assignment of an expression to a register. */
  assign(register: number, expression: Expression): string {
    return `${this.register(register)} = ${this.isLong(register) ? asLong(expression) : asShort(expression)};`;
  }
}

/** An expression as a number of 32 bits. */
export function asShort({ text, type }: Expression): string {
  if (type === "short") return text;
  return type === "long" ? `uint(${text})` : `${text} ? 1u : 0u`;
}

/** An expression as a number of 64 bits. */
export function asLong({ text, type }: Expression): string {
  if (type === "long") return text;
  return type === "short" ? `uint64_t(${text})` : `${text} ? 1ul : 0ul`;
}

/** An expression as a condition. */
export function asCondition({ text, type }: Expression): string {
  if (type === "bool") return text;
  return type === "long" ? `(${text}) != 0ul` : `(${text}) != 0u`;
}
