/** Instructions of the register form as words. See `operation.schema.ts` for their fields. */
import { Field, Kind, Mode } from "./operation.schema.ts";

/** Words of an instruction. */
export const INSTRUCTION_WORDS = 4;

/** The largest value of the field `c`. */
export const C_MAX = 0xffff;

/** An operand: what it is (`Kind`), and which one or how much. */
export interface Operand {
  readonly kind: number;
  readonly value: number;
}

/** An operand that is not read. */
export const NO_OPERAND: Operand = { kind: Kind.NUMBER, value: 0 };

/** An instruction, field by field. */
export interface Instruction {
  readonly operation: number;
  readonly mode: number;
  readonly a: Operand;
  readonly b: Operand;
  readonly c: number;
  readonly isGlobal: boolean;
  readonly target: number;
}

/** Packs an instruction. Fields that are not given are 0, and the mode is `MODE_WRITE`. */
export function packInstruction(
  fields: Partial<Instruction> & Pick<Instruction, "operation">,
): [number, number, number, number] {
  const { operation, mode = Mode.WRITE, a = NO_OPERAND, b = NO_OPERAND, c = 0, isGlobal = false } = fields;
  const head =
    operation |
    (mode << Field.MODE_AT) |
    (a.kind << Field.KIND_A_AT) |
    (b.kind << Field.KIND_B_AT) |
    (Number(isGlobal) << Field.GLOBAL_AT) |
    (c << Field.C_AT);
  return [head >>> 0, (fields.target ?? 0) >>> 0, a.value >>> 0, b.value >>> 0];
}

/** Reads the instruction with a number. */
export function unpackInstruction(words: Uint32Array, index: number): Instruction {
  const at = index * INSTRUCTION_WORDS;
  const head = words[at]!;
  return {
    operation: head & ((1 << Field.OPERATION_BITS) - 1),
    mode: (head >>> Field.MODE_AT) & 3,
    a: { kind: (head >>> Field.KIND_A_AT) & 3, value: words[at + 2]! },
    b: { kind: (head >>> Field.KIND_B_AT) & 3, value: words[at + 3]! },
    c: head >>> Field.C_AT,
    isGlobal: ((head >>> Field.GLOBAL_AT) & 1) === 1,
    target: words[at + 1]!,
  };
}
