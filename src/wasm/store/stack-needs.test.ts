/** The stack that a program can need: as arithmetic says, and as the machine finds when it gets less. */
import { describe, expect, test } from "vitest";
import { binaryOf, validated } from "../../../test/support/wat.ts";
import { Trap } from "../form/index.ts";
import { ReferenceMachine } from "../reference/index.ts";
import { stackNeeds, Store } from "./index.ts";

const LIMITS = { stackSlots: 500, maxDepth: 50 };

function linked(fields: string) {
  const module = validated(binaryOf(`(module ${fields})`));
  const store = new Store({ maxMemoryPages: 1, maxTableElements: 8 });
  const { exports } = store.instantiate(module, []);
  return { store, program: store.program(), run: exports.get("run")!.index };
}

/** Each calls the next with one number, which the next's registers begin with. */
const CHAIN = `
  (func $last (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func $middle (param i32) (result i32) (i32.add (call $last (local.get 0)) (call $last (local.get 0))))
  (func (export "run") (param i32) (result i32) (call $middle (local.get 0)))
  (func (export "alone") (param i32 i32 i32) (result i32) (local.get 2))`;

describe("the stack that a program can need", () => {
  test("is that of its longest way through calls, no more and no less", () => {
    const { store, program, run } = linked(CHAIN);
    const needs = stackNeeds(program, LIMITS);
    expect(needs.maxDepth).toBe(2);
    const outcome = (limits: typeof LIMITS) =>
      new ReferenceMachine(program, store.image, limits, () => []).call(run, [7n], 1000n);
    expect(outcome(needs)).toMatchObject({ trap: Trap.NONE, slots: expect.arrayContaining([42n]) });
    expect(outcome({ ...needs, maxDepth: 1 }).trap).toBe(Trap.STACK_EXHAUSTED);
    expect(outcome({ ...needs, stackSlots: needs.stackSlots - 1 }).trap).toBe(Trap.STACK_EXHAUSTED);
  });

  test("grows with a chain of calls by one call a function", () => {
    const count = 40;
    const chain = Array.from({ length: count }, (_, at) => `(func $f${at} (call $f${at + 1}))`).join(" ");
    const { program } = linked(`${chain} (func $f${count}) (func (export "run") (call $f0))`);
    expect(stackNeeds(program, LIMITS).maxDepth).toBe(count + 1);
  });

  test.each([
    ["recursion", `(func $r (export "run") (param i32) (call $r (local.get 0)))`],
    ["two that call each other", `(func $a (export "run") (call $b)) (func $b (call $a))`],
    [
      "a call through a table",
      `(table 1 funcref) (type $t (func)) (func (export "run") (call_indirect (type $t) (i32.const 0)))`,
    ],
  ])("is not known for %s", (_, fields) => {
    expect(stackNeeds(linked(fields).program, LIMITS)).toEqual(LIMITS);
  });

  test("is never more than the limits", () => {
    const { program } = linked(CHAIN);
    expect(stackNeeds(program, { stackSlots: 2, maxDepth: 1 })).toEqual({ stackSlots: 2, maxDepth: 1 });
  });
});
