/**
 * What vector instructions are made of: operations on lanes, and scratch registers above the stack.
 *
 * A result is put together in scratch registers, because its home is that of an operand whose lanes may still be read.
 */
import {
  Kind,
  type LaneFields,
  type Operand,
  Operation as Op,
  packLanes,
  Saturation,
} from "../form/index.ts";
import { number } from "./operands.ts";
import type { Translation } from "./translation.ts";

/** Bits of a slot. */
export const SLOT_BITS = 64;

/** A lane of a vector, or a whole slot, that an operation reads. */
export interface LaneOf {
  /** A vector, or a slot. */
  readonly of: Operand;
  /** Counted through both slots. */
  readonly lane?: number;
}

/** What an operation on lanes does beside its two operands. */
export interface LaneOptions {
  /** Bits of the lanes that are read. */
  readonly from: number;
  /** Bits of the lane that is written; the same if not given. */
  readonly to?: number;
  readonly isSigned?: boolean;
  readonly isMask?: boolean;
  readonly saturation?: number;
}

/** Writes the instructions of one vector instruction. */
export class VectorCode {
  readonly translation: Translation;
  /** The vector that is put together. */
  readonly result: number;
  #next: number;

  constructor(translation: Translation) {
    this.translation = translation;
    this.#next = translation.operands.top;
    this.result = this.scratch(2);
  }

  /** Registers that nothing else uses while this instruction is translated. */
  scratch(count = 1): number {
    const first = this.#next;
    this.#next += count;
    const { operands } = this.translation;
    operands.frameSlots = Math.max(operands.frameSlots, this.#next);
    return first;
  }

  register(value: number): Operand {
    return { kind: Kind.REGISTER, value };
  }

  /** A plain operation, whose result goes to a register. */
  plain(operation: number, a: Operand, b: Operand, target: number, c = 0): Operand {
    this.translation.code.emit({ operation, a, b, c, target });
    return this.register(target);
  }

  /** A plain operation, whose result goes to a register of its own. */
  value(operation: number, a: Operand, b: Operand = number(0), c = 0): Operand {
    return this.plain(operation, a, b, this.scratch(), c);
  }

  /** An operation on lanes, whose result goes to a lane of the vector that begins at `target`. */
  lane(
    operation: number,
    a: LaneOf,
    b: LaneOf,
    { from, to = from, isSigned = false, isMask = false, saturation = Saturation.NONE }: LaneOptions,
    { target = this.result, lane = 0 }: { target?: number; lane?: number },
  ): Operand {
    const first = this.#place(a, from);
    const second = this.#place(b, from);
    const perSlot = SLOT_BITS / to;
    const slot = target + Math.floor(lane / perSlot);
    const fields: LaneFields = {
      from,
      to,
      isSigned,
      isMask,
      a: first.lane,
      b: second.lane,
      target: lane % perSlot,
    };
    this.translation.code.emit({
      operation: Op.LANE_FIRST + operation,
      mode: saturation,
      a: first.of,
      b: second.of,
      c: packLanes(fields),
      target: slot,
    });
    return this.register(slot);
  }

  /** A lane as a value of 64 bits, in a register of its own. */
  extract(a: LaneOf, from: number, isSigned = false): Operand {
    const target = this.scratch();
    return this.lane(Op.I64_OR, a, { of: number(0) }, { from, to: SLOT_BITS, isSigned }, { target });
  }

  /** Puts a value into a lane of the result. */
  insert(value: Operand, to: number, lane: number, saturation: number = Saturation.NONE): void {
    this.lane(Op.I64_OR, { of: value }, { of: number(0) }, { from: SLOT_BITS, to, saturation }, { lane });
  }

  /** A value if a condition is not 0, else another one. */
  select(condition: Operand, chosen: Operand, otherwise: Operand): Operand {
    return this.value(Op.SELECT, chosen, otherwise, condition.value);
  }

  /** Makes what was put together the operand on top of the stack. */
  finish(): void {
    const { translation } = this;
    const home = translation.operands.push(2);
    translation.move(this.register(this.result), 2, home.home);
  }

  /** Makes a register the operand on top of the stack. */
  finishScalar(value: Operand): void {
    this.translation.value(Op.MOVE, value);
  }

  #place({ of, lane = 0 }: LaneOf, bits: number): { of: Operand; lane: number } {
    const perSlot = SLOT_BITS / bits;
    return { of: this.translation.part(of, Math.floor(lane / perSlot)), lane: lane % perSlot };
  }
}
