/** Fleets on the host: values, traps and their places, fuel, memory, imports. */
import { afterEach, expect, test } from "vitest";
import { binaryOf, validated } from "../../../test/support/wat.ts";
import type { FleetRequest, HostFunctions } from "../contracts.ts";
import { HostBackend } from "./host-backend.ts";

const opened: HostBackend[] = [];
afterEach(async () => {
  for (const backend of opened.splice(0)) await backend.close();
});

async function open(
  text: string,
  options: Partial<FleetRequest> & { threads?: number } = {},
): Promise<{ backend: HostBackend; call: Call }> {
  const module = validated(binaryOf(text));
  const backend = await HostBackend.open(
    { module, instances: 4, maxMemoryPages: 16, startFuel: 1000n, imports: {}, ...options },
    { threads: options.threads ?? 2 },
  );
  opened.push(backend);
  const call: Call = (name, args = [], fuel = 1_000_000n) => {
    const { index } = module.exports.find((each) => each.name === name)!;
    return backend.call({ index, type: module.functions[index]!.type, args, fuel });
  };
  return { backend, call };
}

type Call = (name: string, args?: readonly Uint8Array[], fuel?: bigint) => ReturnType<HostBackend["call"]>;

const bytesOf = (column: Int32Array | BigInt64Array | BigUint64Array | Uint32Array): Uint8Array =>
  new Uint8Array(column.buffer);

test("every bit of every type arrives and comes back", async () => {
  const { call } = await open(
    `(module (func (export "all") (param i32 i64 f32 f64 v128) (result v128 f64 f32 i64 i32)
      (local.get 4) (local.get 3) (local.get 2) (local.get 1) (local.get 0)))`,
  );
  const nans = Uint32Array.of(0x7fa0_0001, 0xff80_0001, 0x8000_0000, 1);
  const wide = BigUint64Array.of(0x7ff0_0000_0000_0001n, 1n, 2n ** 63n, 0xfff8_0000_0000_0000n);
  const vectors = new BigUint64Array([...wide, ...wide.toReversed()]);
  const args = [bytesOf(nans), bytesOf(wide), bytesOf(nans), bytesOf(wide), bytesOf(vectors)];
  const { results, traps } = await call("all", args);
  expect(traps).toEqual([]);
  expect(results.map((column) => Buffer.from(column).toString("hex"))).toEqual(
    args.toReversed().map((column) => Buffer.from(column).toString("hex")),
  );
});

const TRAPS = `(module
  (type $none (func))
  (table 2 funcref) (elem (i32.const 0) $long)
  (memory 1)
  (func $long (param i64))
  (func (export "trap") (param i32)
    (block $f (block $e (block $d (block $c (block $b (block $a
      (br_table $a $b $c $d $e $f (local.get 0)))
      unreachable)
      (drop (i32.div_u (i32.const 1) (i32.const 0))) return)
      (drop (i32.load (i32.const 65533))) return)
      (call_indirect (type $none) (i32.const 2)) return)
      (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))) return)
      (table.set (i32.const 9) (ref.null func))))`;

test("one instance traps with its reason and its place, and the others go on", async () => {
  const module = validated(binaryOf(TRAPS));
  const { call } = await open(TRAPS, { instances: 7, threads: 3 });
  const { traps } = await call("trap", [bytesOf(Int32Array.of(0, 1, 2, 3, 4, 5, 0))]);
  const names = ["unreachable", "i32.div_u", "i32.load", "call_indirect", "i32.div_s", "table.set"];
  const reasons = [
    "unreachable",
    "integer divide by zero",
    "out of bounds memory access",
    "undefined element",
    "integer overflow",
    "out of bounds table access",
  ];
  expect(traps.map(({ instance, reason }) => [instance, reason])).toEqual([
    ...reasons.map((reason, instance) => [instance, reason]),
    [6, "unreachable"],
  ]);
  // The place is in the module as it was given: wabt says where each instruction is.
  const { code } = module;
  const { opcodeNamed } = await import("../module/index.ts");
  for (const [row, name] of names.entries()) {
    const at = code.opcodes.subarray(0, code.count).indexOf(opcodeNamed(name)!.code);
    expect(traps[row]).toMatchObject({ index: 1, offset: code.offsets[at] });
  }
});

test("loops and recursion without an end run out of fuel or of stack, and the instance lives on", async () => {
  const { call } = await open(
    `(module (global $n (mut i32) (i32.const 0))
      (func (export "loop") (loop (br 0)))
      (func $deep (export "deep") (call $deep))
      (func (export "nested") (param i32) (loop (loop (br_if 0 (local.get 0))) (br_if 0 (local.get 0))))
      (func (export "count") (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))`,
    { instances: 2 },
  );
  const reasons = async (name: string, fuel?: bigint, args?: Uint8Array[]): Promise<string[]> =>
    (await call(name, args, fuel)).traps.map(({ reason }) => reason);
  expect(await reasons("loop")).toEqual(["out of fuel", "out of fuel"]);
  expect(await reasons("nested", 9999n, [bytesOf(Int32Array.of(0, 1))])).toEqual(["out of fuel"]);
  expect(await reasons("deep", 1000n)).toEqual(["out of fuel", "out of fuel"]);
  expect(await reasons("deep", 2n ** 62n)).toEqual(["call stack exhausted", "call stack exhausted"]);
  expect(new Int32Array((await call("count")).results[0]!.slice().buffer)).toEqual(Int32Array.of(1, 1));
});

test("memory: limits, reading, writing, and a new beginning", async () => {
  const { backend, call } = await open(
    `(module (memory 1 100) (data (i32.const 8) "hello") (global (export "g") (mut f64) (f64.const -0))
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "peek") (result i32) (i32.load8_u (i32.const 9))))`,
    { maxMemoryPages: 3 },
  );
  const grown = await call("grow", [bytesOf(Int32Array.of(0, 1, 2, 3))]);
  expect(new Int32Array(grown.results[0]!.slice().buffer)).toEqual(Int32Array.of(1, 1, 1, -1));
  expect(await Promise.all([0, 1, 2, 3].map((each) => backend.memoryPages(each)))).toEqual([1, 2, 3, 1]);
  expect(Buffer.from(await backend.read(3, 8, 5)).toString()).toBe("hello");
  await backend.write(3, 9, Uint8Array.of(65));
  const peeked = new Int32Array((await call("peek")).results[0]!.slice().buffer);
  expect([...peeked]).toEqual([101, 101, 101, 65]);
  expect(await backend.global(1, 0)).toBe(2n ** 63n);
  await backend.reset();
  expect(await backend.memoryPages(2)).toBe(1);
  expect(Buffer.from(await backend.read(3, 8, 5)).toString()).toBe("hello");
});

const LOGGING = `(module (import "env" "add" (func $add (param i32 i64) (result f64)))
  (func (export "run") (param i32) (result f64) (call $add (local.get 0) (i64.const 5))))`;

test("functions of the host answer each instance, and what they throw is a trap", async () => {
  const add = (a: number | bigint, b: number | bigint): number => {
    if (a === 2) throw new Error("no twos");
    return Number(a) + Number(b);
  };
  const { call } = await open(LOGGING, { imports: { env: { add } } });
  const { results, traps } = await call("run", [bytesOf(Int32Array.of(0, 1, 2, 3))]);
  expect([...new Float64Array(results[0]!.slice().buffer)]).toEqual([5, 6, 0, 8]);
  expect(traps).toEqual([
    { instance: 2, reason: "a host function failed: no twos", index: 1, offset: expect.any(Number) },
  ]);
});

test.each<[string, string, HostFunctions, string]>([
  ["EW_WASM_LINK", LOGGING, {}, 'imports the function "env" "add" of type [i32 i64] -> [f64]'],
  [
    "EW_WASM_LINK",
    '(module (import "constructor" "assign" (func)))',
    {},
    'imports the function "constructor" "assign"',
  ],
  ["EW_WASM_LINK", '(module (import "e" "toString" (func)))', { e: {} }, 'the function "e" "toString"'],
  ["EW_WASM_UNSUPPORTED", '(module (import "a" "m" (memory 1)))', {}, 'imports a memory, "a" "m"'],
  ["EW_WASM_TRAP", "(module (start 0) (func unreachable))", {}, "traps when it is instantiated: unreachable"],
  [
    "EW_WASM_TRAP",
    "(module (start 0) (func (loop (br 0))))",
    {},
    "traps when it is instantiated: out of fuel",
  ],
  ["EW_WASM_TRAP", '(module (memory 1) (data (i32.const 65535) "ab"))', {}, "out of bounds memory access"],
])("%s: %s", async (code, text, imports, message) => {
  const failure = await open(text, { imports }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code, message: expect.stringContaining(message) });
});

test("more instances than fit: the error says how many do", async () => {
  // A memory takes gigabytes of addresses in Node's engine, and there are 128 TiB of them.
  const failure = await open("(module (memory 1))", { instances: 30_000 }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: "EW_OUT_OF_HOST_MEMORY",
    message: expect.stringMatching(/^30000 instances do not fit on the host: .*\. [1-9]\d+ fit\./),
  });
});

test("imports may have any names, those of objects included", async () => {
  const named = (value: unknown): object => Object.fromEntries([["__proto__", value]]);
  const given = named(named(() => 7));
  const { call } = await open(
    `(module (import "__proto__" "__proto__" (func $f (result i32))) (func (export "run") (result i32) (call $f)))`,
    { imports: given as HostFunctions, instances: 1 },
  );
  expect([...(await call("run")).results[0]!]).toEqual([7, 0, 0, 0]);
});
