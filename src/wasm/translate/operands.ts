/**
 * The operands of a function in the middle of its translation.
 *
 * Every operand has a home: the register that its place on WebAssembly's stack has in the frame. An operand that is a
 * local, a global or a constant is not moved there before something needs it there.
 *
 *     frame    locals │ homes of operands, from the bottom of the stack on
 */
import { Kind, type Operand } from "../form/index.ts";

/** An operand on the stack. */
export interface StackOperand extends Operand {
  /** Its home. */
  readonly home: number;
  /** Registers that it fills: 2 for a vector. */
  readonly slots: number;
}

/** An operand that is a number. */
export const number = (value: number): Operand => ({ kind: Kind.NUMBER, value: value >>> 0 });

/** The number of 64 bits in two words, the low one first. */
export const bits64 = (words: Int32Array, at: number): bigint =>
  (BigInt(words[at + 1]! >>> 0) << 32n) | BigInt(words[at]! >>> 0);

/** Whether an operand is where its place on the stack is. */
export function isHome({ kind, value, home }: StackOperand): boolean {
  return kind === Kind.REGISTER && value === home;
}

/** Whether an operand has a value that something else may change. */
export function isBorrowed(operand: StackOperand): boolean {
  return operand.kind === Kind.GLOBAL || (operand.kind === Kind.REGISTER && !isHome(operand));
}

/** WebAssembly's stack of operands. */
export class OperandHomes {
  readonly list: StackOperand[] = [];
  /** The home of the operand that comes next. */
  top: number;
  /** Registers that the frame needs. */
  frameSlots: number;

  /** @param localSlots registers of the locals */
  constructor(localSlots: number) {
    this.top = localSlots;
    this.frameSlots = localSlots;
  }

  /** Puts an operand on top. Without a value, it is at home. @returns the operand */
  push(slots: number, { kind, value }: Operand = { kind: Kind.REGISTER, value: this.top }): StackOperand {
    const operand = { kind, value, slots, home: this.top };
    this.list.push(operand);
    this.top += slots;
    this.frameSlots = Math.max(this.frameSlots, this.top);
    return operand;
  }

  /** Takes the operand on top. */
  pop(): StackOperand {
    const operand = this.list.pop()!;
    this.top = operand.home;
    return operand;
  }

  /** Forgets all operands above a height. */
  cut(height: number): void {
    while (this.list.length > height) this.pop();
  }
}
