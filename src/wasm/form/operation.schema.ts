/**
 * The operations of the register form, and how an instruction is packed. Host and kernels share them.
 *
 * An instruction has four words:
 *
 *     word 0   operation : 9 │ mode : 2 │ kind of a : 2 │ kind of b : 2 │ target is a global : 1 │ c : 16
 *     word 1   target    a register or a global for MODE_WRITE, an instruction for the modes that branch
 *     word 2   a         word 3   b        each is a register, a number, a constant or a global, by its kind
 *
 * An operation has WebAssembly's own opcode where it means the same. Opcodes with the prefix 0xfc begin at 0xe0.
 *
 * There are no operations on vectors. A vector lies in two slots, the low half first, and an instruction on it becomes
 * one instruction for each lane. `LANE_FIRST` and a numeric operation make an operation on lanes: its operands are
 * lanes of the slots `a` and `b`, extended to 64 bits, and its result replaces a lane of the slot `target`. Field `c`
 * says which lanes, and the field of the mode how the result is saturated:
 *
 *     c    width of operands : 2 │ width of the result : 2 │ signed : 1 │ mask : 1 │ lane of a : 3 │ of b : 3 │ to : 3
 *
 * Widths are 8, 16, 32 and 64 bits. A mask is all ones where the result is not 0.
 */
import { constants, glslModule } from "../../schema/index.ts";

/** Operations by name. Numeric operations that kernels tell apart by ranges have the names of their first ones. */
export const Operation = constants("OP", {
  UNREACHABLE: 0x00,
  ZERO: 0x01,
  JUMP: 0x0c,
  TABLE_JUMP: 0x0e,
  RETURN: 0x0f,
  CALL: 0x10,
  CALL_INDIRECT: 0x11,
  HOST_CALL: 0x12,
  SELECT: 0x1b,
  MOVE: 0x20,
  TABLE_GET: 0x25,
  TABLE_SET: 0x26,
  FIRST_LOAD: 0x28,
  FIRST_STORE: 0x36,
  MEMORY_SIZE: 0x3f,
  MEMORY_GROW: 0x40,
  I32_EQZ: 0x45,
  I64_EQZ: 0x50,
  F32_EQ: 0x5b,
  F64_EQ: 0x61,
  I32_CLZ: 0x67,
  I64_CLZ: 0x79,
  I64_POPCNT: 0x7b,
  I64_ADD: 0x7c,
  I64_SUB: 0x7d,
  I64_MUL: 0x7e,
  I64_AND: 0x83,
  I64_OR: 0x84,
  I64_XOR: 0x85,
  I64_SHL: 0x86,
  I64_SHR_S: 0x87,
  I64_SHR_U: 0x88,
  F32_ABS: 0x8b,
  F64_ABS: 0x99,
  I32_WRAP: 0xa7,
  I32_TRUNC_F32_S: 0xa8,
  I64_EXTEND_S: 0xac,
  I64_TRUNC_F32_S: 0xae,
  F32_CONVERT_I32_S: 0xb2,
  F32_DEMOTE: 0xb6,
  F64_CONVERT_I32_S: 0xb7,
  F64_PROMOTE: 0xbb,
  REINTERPRET: 0xbc,
  I32_EXTEND8: 0xc0,
  I32_TRUNC_SAT_F32_S: 0xe0,
  MEMORY_INIT: 0xe8,
  DATA_DROP: 0xe9,
  MEMORY_COPY: 0xea,
  MEMORY_FILL: 0xeb,
  TABLE_INIT: 0xec,
  ELEM_DROP: 0xed,
  TABLE_COPY: 0xee,
  TABLE_GROW: 0xef,
  TABLE_SIZE: 0xf0,
  TABLE_FILL: 0xf1,
  LANE_FIRST: 0x100,
});

/** Where the parts of the field `c` begin in an operation on lanes. */
export const Lane = constants("LANE", {
  FROM_AT: 0,
  TO_AT: 2,
  SIGNED_AT: 4,
  MASK_AT: 5,
  A_AT: 6,
  B_AT: 9,
  TARGET_AT: 12,
});

/** What becomes of results that do not fit their lane. */
export const Saturation = constants("SATURATION", { NONE: 0, SIGNED: 1, UNSIGNED: 2 });

/** What becomes of the result of an instruction. */
export const Mode = constants("MODE", { WRITE: 0, BRANCH_IF: 1, BRANCH_UNLESS: 2, NOTHING: 3 });

/** What an operand is. */
export const Kind = constants("KIND", { REGISTER: 0, NUMBER: 1, CONSTANT: 2, GLOBAL: 3 });

/** Where the fields of word 0 begin. */
export const Field = constants("FIELD", {
  OPERATION_BITS: 9,
  MODE_AT: 9,
  KIND_A_AT: 11,
  KIND_B_AT: 13,
  GLOBAL_AT: 15,
  C_AT: 16,
});

/** Why an instance stopped. The texts are in `TRAP_TEXTS`. */
export const Trap = constants("TRAP", {
  NONE: 0,
  UNREACHABLE: 1,
  DIVIDE_BY_ZERO: 2,
  INTEGER_OVERFLOW: 3,
  INVALID_CONVERSION: 4,
  MEMORY_BOUNDS: 5,
  TABLE_BOUNDS: 6,
  UNDEFINED_ELEMENT: 7,
  UNINITIALIZED_ELEMENT: 8,
  TYPE_MISMATCH: 9,
  STACK_EXHAUSTED: 10,
  OUT_OF_FUEL: 11,
  HOST: 12,
});

/** The reasons of traps, as the specification's test suite words them, by number. */
export const TRAP_TEXTS: readonly string[] = [
  "",
  "unreachable",
  "integer divide by zero",
  "integer overflow",
  "invalid conversion to integer",
  "out of bounds memory access",
  "out of bounds table access",
  "undefined element",
  "uninitialized element",
  "indirect call type mismatch",
  "call stack exhausted",
  "out of fuel",
  "a host function failed",
];

/** Generated GLSL by file name. */
export const glslModules = {
  "wasm-operation.glsl": glslModule({
    doc: "The operations of the register form of WebAssembly, and how instructions are packed.",
    parts: [Operation, Lane, Saturation, Mode, Kind, Field, Trap],
  }),
};
