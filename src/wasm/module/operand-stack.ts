/**
 * The types of the operands in the middle of a body, and the blocks around that place.
 *
 * Source: the validation algorithm in the appendix of the WebAssembly Core Specification 2.0. Code behind a jump can
 * take any operand from its block: its type is unknown, which is written as 0.
 */
import { MAX } from "./limits.ts";
import { type FunctionType, typeName, type ValueType } from "./types.ts";

/** An operand whose type is unknown: it comes from code that is never reached. */
export const UNKNOWN = 0;

/** The type of an operand, or `UNKNOWN`. */
export type OperandType = ValueType | typeof UNKNOWN;

/** A block that is open. */
export interface Frame {
  readonly opcode: number;
  readonly type: FunctionType;
  /** How many operands there were before the block's own. */
  readonly height: number;
  /** Whether the code at this place is never reached. */
  isUnreachable: boolean;
}

/** What is wrong with the operands: the caller knows where, and adds it. */
export class OperandFault extends Error {}

/** The operands and the open blocks. */
export class OperandStack {
  readonly frames: Frame[] = [];
  #types = new Uint8Array(256);
  #height = 0;

  /** Forgets everything. */
  clear(): void {
    this.frames.length = 0;
    this.#height = 0;
  }

  /** The innermost block. */
  get frame(): Frame {
    return this.frames[this.frames.length - 1]!;
  }

  push(type: OperandType): void {
    if (this.#height === this.#types.length) this.#grow();
    this.#types[this.#height++] = type;
  }

  #grow(): void {
    if (this.#height >= MAX.operands) throw new OperandFault(`more than ${MAX.operands} operands at once`);
    const types = new Uint8Array(this.#height * 2);
    types.set(this.#types);
    this.#types = types;
  }

  pushAll(types: readonly ValueType[]): void {
    for (let index = 0; index < types.length; index++) this.push(types[index]!);
  }

  /** Takes an operand of any type. */
  popAny(): OperandType {
    const frame = this.frame;
    if (this.#height > frame.height) return this.#types[--this.#height]! as OperandType;
    if (frame.isUnreachable) return UNKNOWN;
    throw new OperandFault("type mismatch: the block has no operand left");
  }

  /** Takes an operand of a type. @returns its type, or `UNKNOWN` */
  pop(expected: ValueType): OperandType {
    const frame = this.frame;
    const found = this.#height > frame.height ? this.#types[--this.#height]! : UNKNOWN;
    if (found === expected) return expected;
    if (found !== UNKNOWN) throw mismatch(expected, found as ValueType);
    if (this.#height === frame.height && !frame.isUnreachable)
      throw new OperandFault(
        `type mismatch: ${typeName(expected)} is needed, and the block has no operand left`,
      );
    return UNKNOWN;
  }

  /** Takes operands of types, the last one first. */
  popAll(types: readonly ValueType[]): void {
    for (let index = types.length - 1; index >= 0; index--) this.pop(types[index]!);
  }

  /**
   * Looks whether operands of these types are on top. In code that is never reached, operands that are missing or of
   * an unknown type stay as they are.
   */
  peekAll(types: readonly ValueType[]): void {
    const frame = this.frame;
    for (let back = 1; back <= types.length; back++) {
      const expected = types[types.length - back]!;
      const place = this.#height - back;
      if (place < frame.height) {
        if (frame.isUnreachable) return;
        throw new OperandFault(
          `type mismatch: ${typeName(expected)} is needed, and the block has no operand left`,
        );
      }
      const found = this.#types[place]!;
      if (found !== expected && found !== UNKNOWN) throw mismatch(expected, found as ValueType);
    }
  }

  /** Enters a block, whose parameters are on top. */
  open(opcode: number, type: FunctionType): void {
    this.popAll(type.params);
    this.frames.push({ opcode, type, height: this.#height, isUnreachable: false });
    this.pushAll(type.params);
  }

  /** Leaves a block: its results are the only operands of it. The caller pushes them for the block outside. */
  close(): Frame {
    const frame = this.frame;
    this.popAll(frame.type.results);
    if (this.#height !== frame.height)
      throw new OperandFault(
        `type mismatch: ${this.#height - frame.height} more operands are at the end of a block than it has results`,
      );
    this.frames.pop();
    return frame;
  }

  /** The code that follows is never reached: its block has no operands. */
  markUnreachable(): void {
    this.#height = this.frame.height;
    this.frame.isUnreachable = true;
  }
}

function mismatch(expected: ValueType, found: ValueType): OperandFault {
  return new OperandFault(`type mismatch: ${typeName(expected)} is needed, and ${typeName(found)} is there`);
}
