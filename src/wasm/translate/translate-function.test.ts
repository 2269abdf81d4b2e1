/** What code becomes: the shuffling of the stack is gone, and comparisons are branches. */
import { describe, expect, test } from "vitest";
import { binaryOf, validated } from "../../../test/support/wat.ts";
import { type Instruction, Kind, Mode, Operation as Op, unpackInstruction } from "../form/index.ts";
import { CodeWriter, translateFunction } from "./index.ts";

const NOTHING = {
  functions: [0],
  types: [0],
  tables: [0],
  memories: [0],
  globals: [5, 6, 8],
  elements: [],
  data: [],
};

function translated(fields: string): {
  instructions: Instruction[];
  frameSlots: number;
  jumps: readonly number[];
} {
  const module = validated(binaryOf(`(module ${fields})`));
  const code = new CodeWriter();
  const { frameSlots } = translateFunction(module, module.functions.at(-1)!, NOTHING, code);
  const instructions = Array.from({ length: code.count }, (_, index) => unpackInstruction(code.words, index));
  return { instructions, frameSlots, jumps: code.jumps };
}

const operations = (fields: string): number[] =>
  translated(fields).instructions.map(({ operation }) => operation);
const I32_ADD = 0x6a;
const I32_LT_U = 0x49;

describe("translation", () => {
  test("operands are read where they are, and a result is written where it belongs", () => {
    const { instructions } = translated(
      "(func (param i32 i32) (local.set 0 (i32.add (local.get 1) (i32.const -7))))",
    );
    expect(instructions).toHaveLength(2);
    expect(instructions[0]).toEqual({
      operation: I32_ADD,
      mode: Mode.WRITE,
      a: { kind: Kind.REGISTER, value: 1 },
      b: { kind: Kind.NUMBER, value: 2 ** 32 - 7 },
      c: 0,
      isGlobal: false,
      target: 0,
    });
    expect(instructions[1]!.operation).toBe(Op.RETURN);
  });

  test("a comparison before a branch is the branch, and a loop goes to its first instruction", () => {
    const { instructions } = translated(
      `(func (param i32) (local i32) (loop (local.set 1 (i32.add (local.get 1) (i32.const 1)))
         (br_if 0 (i32.lt_u (local.get 1) (local.get 0)))))`,
    );
    expect(instructions.map(({ operation }) => operation)).toEqual([Op.ZERO, I32_ADD, I32_LT_U, Op.RETURN]);
    expect(instructions[2]).toMatchObject({ mode: Mode.BRANCH_IF, target: 1 });
  });

  test("an if without else branches past its body", () => {
    const { instructions } = translated(
      "(func (param i32) (if (local.get 0) (then (local.set 0 (i32.const 3)))))",
    );
    expect(instructions.map(({ operation, mode, target }) => [operation, mode, target])).toEqual([
      [Op.MOVE, Mode.BRANCH_UNLESS, 2],
      [Op.MOVE, Mode.WRITE, 0],
      [Op.RETURN, Mode.NOTHING, 0],
    ]);
  });

  test("an operand keeps its value when its local is set", () => {
    const { instructions } = translated(
      "(func (param i32) (result i32) (local.get 0) (local.set 0 (i32.const 9)) (i32.add (local.get 0)))",
    );
    expect(instructions.map(({ operation, a, target }) => [operation, a.kind, a.value, target])).toEqual([
      [Op.MOVE, Kind.REGISTER, 0, 1],
      [Op.MOVE, Kind.NUMBER, 9, 0],
      [I32_ADD, Kind.REGISTER, 1, 0],
      [Op.RETURN, Kind.NUMBER, 0, 0],
    ]);
  });

  test("an operand keeps its value when a call may set its global", () => {
    const globals = "(global (mut i32) (i32.const 0)) (global (mut v128) (v128.const i64x2 0 0))";
    const { instructions } = translated(`${globals} (func (result i32) (i32.add (global.get 0) (call 0)))`);
    expect(instructions.map(({ operation }) => operation)).toEqual([Op.MOVE, Op.CALL, I32_ADD, Op.RETURN]);
    expect(instructions[0]!.a).toEqual({ kind: Kind.GLOBAL, value: 5 });
    const vector = translated(`${globals} (func (global.set 1 (v128.const i64x2 1 2)))`);
    expect(vector.instructions.map(({ a, isGlobal, target }) => [a.kind, isGlobal, target])).toEqual([
      [Kind.CONSTANT, true, 6],
      [Kind.CONSTANT, true, 7],
      [Kind.NUMBER, false, 0],
    ]);
  });

  test("arguments lie where the called function's registers begin", () => {
    const { instructions, frameSlots } = translated(
      "(func $f (param i32 i64) (result i64) (call $f (local.get 0) (i64.add (local.get 1) (local.get 1))))",
    );
    const call = instructions.find(({ operation }) => operation === Op.CALL)!;
    expect(call.b.value).toBe(2);
    expect(instructions.filter(({ operation }) => operation === Op.MOVE).map(({ target }) => target)).toEqual(
      [2, 0],
    );
    expect(frameSlots).toBe(5); // two locals, and three operands at once
  });

  test("tables of jumps have their targets, and moves only where a branch carries values", () => {
    const { jumps, instructions } = translated(
      `(func (param i32) (result i32)
         (block $out (result i32) (block $a (block $b (br_table $a $b $a (local.get 0))) (return (i32.const 1)))
           (i32.const 2)))`,
    );
    expect(instructions[0]).toMatchObject({ operation: Op.TABLE_JUMP, target: 3 });
    expect(new Set(jumps).size).toBe(2);
    expect(jumps[0]).toBe(jumps[2]);
  });

  test("code that is never reached becomes nothing", () => {
    expect(
      operations("(func (result i32) (return (i32.const 1)) (block (drop (i32.const 2))) (i32.add))"),
    ).toEqual([Op.MOVE, Op.RETURN]);
  });

  test("a vector instruction is an operation for each lane", () => {
    const made = operations("(func (param v128 v128) (result v128) (f32x4.mul (local.get 0) (local.get 1)))");
    expect(made.filter((operation) => operation === Op.LANE_FIRST + 0x94)).toHaveLength(4);
  });
});
