/** Fleets and single instances, on the host. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { binaryOf } from "../../../test/support/wat.ts";
import { instantiate } from "./instantiate.ts";
import { WasmFleet } from "./wasm-fleet.ts";
import { WasmModule } from "./wasm-module.ts";

const TEXT = `(module
  (import "env" "twice" (func $twice (param f64) (result f64)))
  (memory (export "memory") 1 9)
  (global (export "calls") (mut i64) (i64.const 0))
  (global (export "vector") v128 (v128.const i32x4 1 2 3 4))
  (global (export "tenth") f32 (f32.const 0.1))
  (global (export "nothing") externref (ref.null extern))
  (func $score (export "score") (param i32 f64) (result f64 i64)
    (global.set 0 (i64.add (global.get 0) (i64.const 1)))
    (if (i32.eqz (local.get 0)) (then unreachable))
    (f64.add (call $twice (local.get 1)) (f64.convert_i32_s (local.get 0)))
    (global.get 0))
  (func (export "lane") (param v128) (result v128) (i32x4.add (local.get 0) (local.get 0)))
  (func (export "reference") (param externref)))`;
const imports = { env: { twice: (value: number | bigint) => Number(value) * 2 } };

let module: WasmModule;
let fleet: WasmFleet;
beforeAll(async () => {
  module = await WasmModule.compile(binaryOf(TEXT));
  fleet = await WasmFleet.open(module, { device: "cpu", instances: 3, threads: 2, imports });
});
afterAll(() => fleet.close());

test("a module says what it imports and exports", () => {
  expect(module.imports).toEqual([{ module: "env", name: "twice", kind: "func", type: "[f64] -> [f64]" }]);
  expect(module.exports).toEqual([
    { name: "memory", kind: "memory", type: "1..9 pages" },
    { name: "calls", kind: "global", type: "mut i64" },
    { name: "vector", kind: "global", type: "v128" },
    { name: "tenth", kind: "global", type: "f32" },
    { name: "nothing", kind: "global", type: "externref" },
    { name: "score", kind: "func", type: "[i32 f64] -> [f64 i64]" },
    { name: "lane", kind: "func", type: "[v128] -> [v128]" },
    { name: "reference", kind: "func", type: "[externref] -> []" },
  ]);
});

test("a call answers each instance; one that traps says why, and keeps what it did", async () => {
  const args = [Int32Array.of(5, 0, -7), Float64Array.of(0.5, 1, 2)];
  const { results, traps } = await fleet.call("score", { args });
  expect(results).toEqual([Float64Array.of(6, 0, -3), BigInt64Array.of(1n, 0n, 1n)]);
  expect(traps).toEqual([
    { instance: 1, reason: "unreachable", index: 1, functionName: "score", offset: expect.any(Number) },
  ]);
  expect(await fleet.global(1, "calls")).toBe(1n);
  await fleet.reset();
  expect(await fleet.global(1, "calls")).toBe(0n);
  expect(fleet.stats()).toEqual({ instances: 3, maxMemoryPages: 16, calls: 1, traps: 1, compiledCalls: 1 });
});

test("one number stands for a column, and calls come one after the other", async () => {
  await fleet.reset();
  const answers = await Promise.all([1, 2, 3].map((number) => fleet.call("score", { args: [number, 0.25] })));
  expect(answers.map(({ results }) => results[1])).toEqual(
    [1n, 2n, 3n].map((n) => BigInt64Array.of(n, n, n)),
  );
});

test("vectors, globals and memory", async () => {
  const column = new Uint8Array(Int32Array.from({ length: 12 }, (_, index) => index).buffer);
  const { results } = await fleet.call("lane", { args: [column] });
  expect([...new Int32Array(results[0]!.buffer as ArrayBuffer)]).toEqual(
    Array.from({ length: 12 }, (_, index) => index * 2),
  );
  expect(await fleet.global(2, "vector")).toEqual(new Uint8Array(Int32Array.of(1, 2, 3, 4).buffer));
  expect(await fleet.global(0, "tenth")).toBe(Math.fround(0.1));
  await fleet.write(2, 65_530, Uint8Array.of(1, 2, 3));
  expect(await fleet.read(2, 65_529, 7)).toEqual(Uint8Array.of(0, 1, 2, 3, 0, 0, 0));
  expect(await fleet.read(1, 65_529, 7)).toEqual(new Uint8Array(7));
});

test.each<[string, () => Promise<unknown>, string, string]>([
  ["an unknown function", () => fleet.call("scores"), "EW_BAD_ARGUMENT", 'one of "score"'],
  ["too few arguments", () => fleet.call("score"), "EW_BAD_ARGUMENT", "2 arguments"],
  [
    "a short column",
    () => fleet.call("score", { args: [Int32Array.of(1), 1] }),
    "EW_BAD_ARGUMENT",
    "a Int32Array of 3 elements, one i32 for each instance (here: Int32Array of 1)",
  ],
  [
    "a number for an i64",
    () => fleet.call("lane", { args: [1] }),
    "EW_BAD_ARGUMENT",
    "the parameter is v128",
  ],
  [
    "a reference",
    () => fleet.call("reference", { args: [1] }),
    "EW_WASM_UNSUPPORTED",
    "no columns of externref",
  ],
  ["a global of a reference", () => fleet.global(0, "nothing"), "EW_WASM_UNSUPPORTED", "externref"],
  ["a range beyond the memory", () => fleet.read(0, 65_530, 7), "EW_BAD_ARGUMENT", "from 0 to 65529"],
  ["an instance that is not there", () => fleet.read(3, 0, 1), "EW_BAD_ARGUMENT", "from 0 to 2"],
  [
    "no room for the memory",
    () => WasmFleet.open(module, { device: "cpu", maxMemoryPages: 0, imports }),
    "EW_BAD_ARGUMENT",
    "1 or more",
  ],
])("%s", async (_, act, code, message) => {
  const failure = await act().catch((error: unknown) => error);
  expect(failure).toMatchObject({ code, message: expect.stringContaining(message) });
});

test("a closed fleet says so, and a call that was running ends", async () => {
  const other = await WasmFleet.open(module, { device: "cpu", imports });
  const running = other.call("score", { args: [1, 1] }).catch((error: unknown) => error);
  await other.close();
  expect(await running).toSatisfy(
    (it: { code?: string; traps?: [] }) => it.code === "EW_CLOSED" || it.traps !== undefined,
  );
  await expect(other.call("score", { args: [1, 1] })).rejects.toMatchObject({ code: "EW_CLOSED" });
});

test("one instance in this thread", async () => {
  const { exports } = await instantiate(binaryOf(TEXT), imports);
  const score = exports["score"] as (a: number, b: number) => unknown;
  expect(score(3, 1)).toEqual([5, 1n]);
  expect(() => score(0, 1)).toThrow(
    expect.objectContaining({
      code: "EW_WASM_TRAP",
      message: expect.stringMatching(/unreachable, in score, at byte \d+/),
    }),
  );
  await expect(instantiate(binaryOf(TEXT), {})).rejects.toMatchObject({ code: "EW_WASM_LINK" });
  await expect(instantiate(Uint8Array.of(0, 1))).rejects.toMatchObject({ code: "EW_WASM_INVALID" });
});

test("what a function of the host throws comes out of a single instance as it is", async () => {
  const fault = new Error("mine");
  const { exports } = await instantiate(binaryOf(TEXT), {
    env: {
      twice: () => {
        throw fault;
      },
    },
  });
  expect(() => (exports["score"] as (a: number, b: number) => unknown)(3, 1)).toThrow(fault);
});
