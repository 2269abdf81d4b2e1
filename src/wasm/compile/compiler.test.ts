/** Which functions are compiled, and why the others are not. */
import { expect, test } from "vitest";
import { binaryOf, validated } from "../../../test/support/wat.ts";
import { Store } from "../store/index.ts";
import { Compiler } from "./compiler.ts";

function compilerOf(text: string): Compiler {
  const module = validated(binaryOf(`(module ${text})`));
  const store = new Store({ maxMemoryPages: 1, maxTableElements: 8, isAlone: true });
  store.instantiate(
    module,
    module.imports.map(({ index }) => store.addHost(module.functions[index]!.type)),
  );
  return new Compiler(store.program());
}

const adds = (count: number): string => "(local.set 0 (i32.add (local.get 0) (i32.const 1)))".repeat(count);

test.each([
  ["a leaf", `(func (param i32) (result i32) (local.get 0))`, undefined],
  ["an import", `(import "a" "b" (func)) (func (call 0))`, undefined],
  ["itself", `(func (call 0))`, "it may call itself"],
  ["one another", `(func (call 1)) (func (call 0))`, "it may call itself"],
  [
    "itself through a table",
    `(table 1 funcref) (elem (i32.const 0) 0) (func (call_indirect (i32.const 0)))`,
    "it may call itself",
  ],
  [
    "a table that changes",
    `(table 1 funcref) (elem declare func 0) (func (table.set (i32.const 0) (ref.func 1))) (func)
     (export "f" (func 1))`,
    "it changes a table",
  ],
  [
    "a table that others change",
    `(table 1 funcref) (func (call_indirect (i32.const 0)))
     (func (table.set (i32.const 0) (ref.null func)))`,
    "it calls through a table, and the module may put any function there",
  ],
  [
    "many locals",
    `(func (local ${"i32 ".repeat(1001)}))`,
    "it and what it calls have more than 1000 locals and operands",
  ],
  [
    "a large table of jumps",
    `(func (br_table ${"0 ".repeat(2001)} (i32.const 1)))`,
    "it has tables of 2001 branches",
  ],
  ["too much", `(func (param i32) ${adds(4001)})`, "it has 4002 instructions; up to 4000 are compiled"],
  [
    "too much together",
    `(func (call 1) (call 2)) (func (param i32) ${adds(2000)}) (func (param i32) ${adds(2000)})`.replace(
      "(call 1) (call 2)",
      "(call 1 (i32.const 1)) (call 2 (i32.const 2))",
    ),
    "it and what it calls have more than 4000 instructions",
  ],
])("%s", (_, text, reason) => {
  const compiler = compilerOf(text);
  const number = text.startsWith("(import") ? 1 : 0;
  expect(compiler.whyInterpreted(number)).toBe(reason);
  // What was found out about one function is known when others are asked for.
  expect(compiler.whyInterpreted(number)).toBe(reason);
  const { glsl, whyNot } = compiler.compile(number);
  expect({ isCompiled: glsl !== undefined, whyNot }).toEqual({
    isCompiled: reason === undefined,
    whyNot: reason,
  });
});

test("the same program gives the same text, so that the cache knows its kernel", () => {
  const text = `(memory 1) (func (param i32) (result i32) (i32.load (local.get 0)))`;
  expect(compilerOf(text).compile(0)).toEqual(compilerOf(text).compile(0));
});
