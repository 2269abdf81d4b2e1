/** What a decoded module says. */
import { expect, test } from "vitest";
import { everySection, moduleOf, section } from "../../../test/support/wasm-samples.ts";
import { binaryOf } from "../../../test/support/wat.ts";
import { decodeModule } from "./decode-module.ts";
import type { DecodedModule } from "./module.ts";
import { functionNames } from "./names.ts";
import { opcodeOf } from "./opcodes.ts";
import { VALUE_TYPE } from "./types.ts";
import { validateModule } from "./validate-module.ts";

const { i32, i64, f32, funcref, externref } = VALUE_TYPE;

/** The instructions of a function: names and words, blocks counted from its first instruction. */
function listing(module: DecodedModule, index: number): (string | number)[][] {
  const { code } = module;
  const { first, last } = module.functions[index]!.body!;
  return Array.from({ length: last - first + 1 }, (_, place) => {
    const at = first + place;
    const words = code.words.subarray(code.wordAt[at], code.wordAt[at + 1]);
    return [opcodeOf(code.opcodes[at]!)!.name, ...words];
  });
}

test("every kind of section", () => {
  const module = decodeModule(everySection());
  expect(module.imports).toEqual([
    { module: "env", name: "log", kind: "func", index: 0 },
    { module: "env", name: "base", kind: "global", index: 0 },
  ]);
  expect(module.functions.map(({ type }) => type.params)).toEqual([[i32], [], [i32, i64], [i32]]);
  expect(module.functions[3]!.body!.locals).toEqual([
    { first: 1, count: 1, type: i64 },
    { first: 2, count: 2, type: f32 },
    { first: 4, count: 1, type: externref },
  ]);
  expect(module.tables).toMatchObject([
    { element: funcref, minimum: 8, maximum: 16 },
    { element: externref, minimum: 2, maximum: undefined },
  ]);
  expect(module.memories).toMatchObject([{ minimum: 1, maximum: 4 }]);
  expect(module.globals.map(({ initial }) => initial)).toEqual([
    undefined,
    { kind: "bits", type: i32, bits: 7n },
    { kind: "global", index: 0 },
    { kind: "null", type: funcref },
  ]);
  expect(module.exports).toMatchObject([
    { name: "run", kind: "func", index: 3 },
    { name: "memory", kind: "memory", index: 0 },
  ]);
  expect(module.start?.index).toBe(1);
  expect(module.elements.map(({ mode, items }) => [mode, items.length])).toEqual([
    ["active", 2],
    ["passive", 2],
    ["declarative", 1],
  ]);
  expect(module.data.map(({ mode, bytes }) => [mode, Buffer.from(bytes).toString()])).toEqual([
    ["active", "hello"],
    ["passive", "world"],
  ]);
  expect(module.dataCount).toBe(2);
  expect(module.customs.map(({ name }) => name)).toEqual(["name"]);
});

test("blocks know where they end, and numbers keep their bits", () => {
  const module = decodeModule(
    binaryOf(`(module (func (param i32) (result i64)
      (if (result i64) (local.get 0)
        (then (block (loop (br 1))) (i64.const -2))
        (else (i64.trunc_sat_f64_s (f64.const nan:0x4000000000001))))))`),
  );
  expect(listing(module, 0)).toEqual([
    ["local.get", 0],
    ["if", i64 - 0x80, 11, 8],
    ["block", -0x40, 6],
    ["loop", -0x40, 5],
    ["br", 1],
    ["end"],
    ["end"],
    ["i64.const", -2, -1],
    ["else", 11],
    ["f64.const", 1, 0x7ff40000],
    ["i64.trunc_sat_f64_s"],
    ["end"],
    ["end"],
  ]);
});

test("what `drop` and `select` are about stands in their words after validation", () => {
  const module = decodeModule(
    binaryOf(`(module (func (param v128 f64 i32)
      (drop (local.get 0))
      (drop (select (local.get 1) (f64.const 0) (local.get 2)))
      unreachable drop))`),
  );
  validateModule(module);
  const dropsAndSelects = listing(module, 0).filter(([name]) => name === "drop" || name === "select");
  expect(dropsAndSelects).toEqual([
    ["drop", VALUE_TYPE.v128],
    ["select", VALUE_TYPE.f64],
    ["drop", VALUE_TYPE.f64],
    ["drop", 0],
  ]);
});

test("functions have names: their own, else those of exports and imports", () => {
  const names = functionNames(decodeModule(everySection()));
  expect([...names].sort(([one], [other]) => one - other)).toEqual([
    [0, "log"],
    [1, "begin"],
    [2, "swap"],
    [3, "run"],
  ]);
  const nameless = binaryOf(`(module (import "env" "log" (func)) (func) (func (export "go")))`);
  expect([...functionNames(decodeModule(nameless))]).toEqual([
    [0, "env.log"],
    [2, "go"],
  ]);
});

test("a damaged name section says nothing", () => {
  const binary = moduleOf(section(0, [4, ...Buffer.from("name"), 1, 9, 1, 0]));
  expect([...functionNames(decodeModule(binary))]).toEqual([]);
});
