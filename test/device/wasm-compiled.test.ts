/**
 * Compiled functions beside interpreted ones: results, traps and where they happen, the instruction at which the fuel
 * ends, memories and globals are the same.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/vulkan/index.ts";
import { lintSource } from "../../src/lint/index.ts";
import { Compiler } from "../../src/wasm/compile/index.ts";
import { CompiledKernels, compiledRequest } from "../../src/wasm/gpu/compiled-kernels.ts";
import { DeviceMachine } from "../../src/wasm/gpu/index.ts";
import type { DecodedModule } from "../../src/wasm/module/index.ts";
import { WasmFleet, WasmModule } from "../../src/index.ts";
import { Store } from "../../src/wasm/store/index.ts";
import { slotCount } from "../../src/wasm/translate/index.ts";
import { randomSource } from "../support/numeric-cases.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";
import { areNumbers, randomModule, randomValue } from "../support/wasm-random.ts";
import { binaryOf, validated } from "../support/wat.ts";

watchValidation();

const seed = propertySeed();
const LIMITS = { stackSlots: 4096, maxDepth: 200 };
const INSTANCES = 19;
let device: Device;

beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device?.close());

/** One module on two machines. */
interface Pair extends Disposable {
  /** Calls a function on both and compares all that they give. @returns whether the second was compiled */
  call(name: string, args: readonly bigint[][], fuel: bigint): Promise<boolean>;
  /** Compares what instances contain. */
  compare(): Promise<void>;
}

async function pairOf(module: DecodedModule, quantum?: number): Promise<Pair> {
  const store = new Store({ maxMemoryPages: 4, maxTableElements: 64, isAlone: true });
  const externals = module.imports.map(({ index }) => store.addHost(module.functions[index]!.type));
  const linked = store.instantiate(module, externals);
  const told: string[][] = [[], []];
  const machines = await Promise.all(
    (["never", "always"] as const).map((compile, side) =>
      DeviceMachine.open({
        device,
        program: store.program(),
        image: store.image,
        instanceCount: INSTANCES,
        limits: LIMITS,
        hostSlots: 8,
        compile,
        ...(quantum === undefined ? {} : { quantum }),
        ...(side === 1 && { maxBufferBytes: 1 }), // buffers of their own for each group of neighbours
        answer: async (requests) =>
          requests.map(({ instance, host, slots }) => {
            const { params, results } = store.hostTypes[host]!;
            const own = [...slots.subarray(0, slotCount(params))];
            told[side]!.push(`${instance}: ${host}(${own.join()})`);
            return { slots: Array.from({ length: slotCount(results) }, (_, slot) => BigInt(host + slot)) };
          }),
      }),
    ),
  );
  const [interpreted, compiled] = machines as [DeviceMachine, DeviceMachine];
  return {
    async call(name, args, fuel) {
      const { index } = linked.exports.get(name)!;
      const { results } = store.functions[index]!.type;
      const columns = BigUint64Array.from(args.flat());
      const options = { resultSlots: slotCount(results), fuel };
      const expected = await interpreted.call(index, columns, options);
      const own = await compiled.call(index, columns, options);
      expect({ name, traps: own.traps }).toEqual({ name, traps: expected.traps });
      expected.traps.forEach((trap, instance) => {
        if (trap !== 0) {
          expect(own.instructions[instance], `${name}, trap ${trap}`).toBe(expected.instructions[instance]);
          return;
        }
        for (let slot = 0; slot < options.resultSlots; slot++) {
          const at = slot * INSTANCES + instance;
          expect(own.columns[at], `${name}, slot ${slot} of ${instance}`).toBe(expected.columns[at]);
        }
      });
      expect(told[1]!.splice(0).toSorted()).toEqual(told[0]!.splice(0).toSorted());
      return own.isCompiled;
    },
    async compare() {
      for (const instance of [0, INSTANCES - 1]) {
        const expected = await interpreted.memory.save(instance);
        const own = await compiled.memory.save(instance);
        expect(own.globals).toEqual(expected.globals);
        expected.memories.forEach(({ bytes }, memory) =>
          expect(Buffer.from(bytes).equals(own.memories[memory]!.bytes), "the memory").toBe(true),
        );
      }
    },
    [Symbol.dispose]: () => machines.forEach((machine) => machine[Symbol.dispose]()),
  };
}

/** A column for each argument: every row has its own value. */
const column = (value: (row: number) => bigint): bigint[] =>
  Array.from({ length: INSTANCES }, (_, row) => BigInt.asUintN(64, value(row)));

describe("compiled functions", () => {
  const LOOPS = validated(
    binaryOf(`(module (memory 1) (global $g (mut i32) (i32.const 0))
      (func $inner (param i32 i32) (result i32) (local i32)
        (loop $l
          (local.set 2 (i32.add (local.get 2) (i32.xor (local.get 0) (local.get 1))))
          (i32.store (i32.and (local.get 2) (i32.const 0xffff)) (local.get 1))
          (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
        (global.set $g (i32.add (global.get $g) (local.get 2)))
        (local.get 2))
      (func (export "nest") (param i32) (result i32 i64) (local i32 i64)
        (block $out
          (loop $l
            (br_if $out (i32.ge_u (local.get 1) (local.get 0)))
            (local.set 1 (i32.add (local.get 1) (i32.const 1)))
            (if (i32.and (local.get 1) (i32.const 1))
              (then (local.set 2 (i64.add (local.get 2)
                (i64.extend_i32_u (call $inner (local.get 0) (i32.add (local.get 1) (i32.const 3)))))))
              (else (local.set 2 (i64.rotl (local.get 2) (i64.const 7)))))
            (br $l)))
        (local.get 1) (local.get 2))
      (func (export "switch") (param i32) (result i32)
        (block $d (block $c (block $b (block $a
          (br_table $a $b $c $a $d (local.get 0)))
          (return (i32.const 10)))
          (local.set 0 (i32.add (local.get 0) (i32.const 100))))
          (local.set 0 (i32.mul (local.get 0) (i32.const 3))))
        (i32.div_u (i32.const 1000) (i32.sub (local.get 0) (i32.const 17))))
      (func (export "reach") (param i32) (result i32)
        (i32.store (i32.const 4) (local.get 0))
        (i64.store offset=1 (local.get 0) (i64.const 0x0102030405060708))
        (i32.add (i32.load16_s offset=3 (local.get 0)) (i32.load8_s (local.get 0)))))`),
  );

  test.each([undefined, 100])("nested loops and calls, quantum %s", async (quantum) => {
    using pair = await pairOf(LOOPS, quantum);
    for (const fuel of [1n, 7n, 100n, 333n, 1000n, 100_000n])
      expect(await pair.call("nest", [column((row) => BigInt(row * 2))], fuel)).toBe(true);
    await pair.compare();
  });

  test("tables of jumps, and traps in the middle", async () => {
    using pair = await pairOf(LOOPS);
    expect(await pair.call("switch", [column(BigInt)], 1000n)).toBe(true);
    expect(await pair.call("reach", [column((row) => BigInt(65_520 + row))], 1000n)).toBe(true);
    await pair.compare();
  });
});

describe("kernels of compiled functions", () => {
  const store = new Store({ maxMemoryPages: 0, maxTableElements: 0, isAlone: true });
  const text = (body: string): DecodedModule => validated(binaryOf(`(module ${body})`));
  const counting = text(`(func (export "count") (param i32) (result i32) (local i32)
    (loop $outer
      (loop $inner (br_if $inner (i32.and (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 3))))
      (br_if $outer (i32.lt_u (local.get 1) (local.get 0))))
    (local.get 1))`);
  store.instantiate(counting, []);
  const program = store.program();

  test("rounds beyond what a driver allows a loop are run all the same", async () => {
    using machine = await DeviceMachine.open({
      device,
      program,
      image: store.image,
      instanceCount: INSTANCES,
      limits: LIMITS,
      compile: "always",
      quantum: 4_000_000,
    });
    const counts = Array.from({ length: INSTANCES }, (_, row) => BigInt(300_000 + row * 1000));
    const { columns, isCompiled } = await machine.call(0, BigUint64Array.from(counts), {
      resultSlots: 1,
      fuel: 1n << 40n,
    });
    expect({ columns: [...columns], isCompiled }).toEqual({ columns: counts, isCompiled: true });
  });

  test("auto: a function is interpreted until it has run for a while", async () => {
    using kernels = new CompiledKernels(device, program, "auto");
    expect(await kernels.take(0)).toBeUndefined();
    kernels.interpreted(0, 600);
    await kernels.settled();
    expect(await kernels.take(0)).toBeUndefined();
    kernels.interpreted(0, 600);
    await kernels.settled();
    expect(await kernels.take(0)).toMatchObject({ leastFuel: expect.any(Number) });
  });

  test("never: it stays interpreted", async () => {
    using kernels = new CompiledKernels(device, program, "never");
    kernels.interpreted(0, 60_000);
    await kernels.settled();
    expect(await kernels.take(0)).toBeUndefined();
  });

  test("the linter has nothing to say of what is made", async () => {
    const { glsl } = new Compiler(program).compile(0);
    expect(await lintSource(compiledRequest(glsl!))).toEqual([]);
  });
});

test("a fleet tells how many of its calls were compiled, and its memories are its own", async () => {
  const module = await WasmModule.compile(
    binaryOf(`(module (memory (export "memory") 1) (global (export "sum") (mut i32) (i32.const 5))
      (func (export "add") (param i32) (result i32)
        (global.set 0 (i32.add (global.get 0) (i32.load (local.get 0)))) (global.get 0))
      (func $self (export "self") (param i32) (if (local.get 0) (then (call $self (i32.const 0))))))`),
  );
  await using fleet = await WasmFleet.open(module, { device, instances: 5, compile: "always" });
  await fleet.write(3, 8, Uint8Array.of(37, 0, 0, 0));
  const first = await fleet.call("add", { args: [8] });
  expect(first.results).toEqual([Int32Array.of(5, 5, 5, 42, 5)]);
  expect(await fleet.global(3, "sum")).toBe(42);
  await fleet.call("self", { args: [1] });
  await fleet.reset();
  const last = await fleet.call("add", { args: [Int32Array.of(0, 1, 2, 8, 65_533)] });
  expect(last.results).toEqual([Int32Array.of(5, 5, 5, 5, 0)]);
  expect(last.traps).toMatchObject([{ instance: 4, reason: "out of bounds memory access" }]);
  // The function that calls itself was interpreted.
  expect(fleet.stats()).toMatchObject({ calls: 3, compiledCalls: 2, traps: 1 });
});

test("floats are computed where a driver sees constants, or the same value twice", async () => {
  const float = (type: string): string =>
    ["add", "sub", "mul", "div"]
      .flatMap((name) =>
        ["0", "1", "-0"].flatMap((number) => [
          `(${type}.${name} (local.get 0) (${type}.const ${number}))`,
          `(${type}.${name} (${type}.const ${number}) (local.get 0))`,
        ]),
      )
      .concat(["add", "sub", "mul", "div"].map((name) => `(${type}.${name} (local.get 0) (local.get 0))`))
      .join(" ");
  for (const [type, edges] of [
    ["f64", [0n, 1n << 63n, 0x7ff0n << 48n, 0xfff0n << 48n, 0x7ff8n << 48n, 0x3ffn << 52n, 1n]],
    ["f32", [0n, 1n << 31n, 0x7f80_0000n, 0xff80_0000n, 0x7fc0_0000n, 0x3f80_0000n, 1n]],
  ] as const) {
    const results = `${type} `.repeat(28);
    using pair = await pairOf(
      validated(binaryOf(`(module (func (export "f") (param ${type}) (result ${results}) ${float(type)}))`)),
    );
    expect(await pair.call("f", [column((row) => edges[row % edges.length]!)], 1000n)).toBe(true);
  }
});

describe("compiled functions reach", () => {
  const REACH = validated(
    binaryOf(`(module
      (type $two (func (param i32 i64) (result i64)))
      (import "env" "ask" (func $ask (param i32 i64) (result i64)))
      (memory 1 3) (data $d "abcdefghijk")
      (table 6 funcref) (elem (i32.const 0) $add $ask $twice $short)
      (func $add (type $two) (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)))
      (func $twice (type $two) (local i64)
        (loop $l
          (local.set 2 (i64.add (local.get 2) (call $add (local.get 0) (local.get 1))))
          (br_if $l (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0))))
        (local.get 2))
      (func $short (param i32) (result i32) (local.get 0))
      (func (export "indirect") (param i32) (result i64)
        (i64.mul (i64.const 3)
          (call_indirect (type $two) (local.get 0) (i64.const -5) (local.get 0))))
      (func (export "imported") (param i32) (result i64) (local i64)
        (loop $l
          (local.set 1 (i64.add (local.get 1) (call $ask (local.get 0) (i64.const 7))))
          (br_if $l (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 3))) (i32.const 0))))
        (local.get 1))
      (func (export "bulk") (param i32) (result i32)
        (memory.fill (local.get 0) (i32.const 0x5a) (i32.mul (local.get 0) (i32.const 31)))
        (memory.init $d (i32.const 100) (i32.const 2) (i32.const 9))
        (memory.copy (i32.add (local.get 0) (i32.const 3)) (local.get 0) (i32.const 201))
        (memory.copy (local.get 0) (i32.const 101) (i32.const 77))
        (i32.load (i32.const 102)))
      (func (export "grow") (param i32) (result i32)
        (drop (memory.grow (i32.const 1)))
        (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 42))
        (memory.grow (local.get 0)))
      (func (export "drop") (param i32) (result i32)
        (data.drop $d) (memory.init $d (i32.const 0) (i32.const 0) (local.get 0)) (i32.const 1)))`),
  );

  test.each([undefined, 90])("tables, imports and many bytes at once, quantum %s", async (quantum) => {
    using pair = await pairOf(REACH, quantum);
    for (const fuel of [3n, 20n, 150n, 999n, 20_000n])
      for (const name of ["indirect", "imported", "bulk"])
        expect({ name, isCompiled: await pair.call(name, [column(BigInt)], fuel) }).toEqual({
          name,
          isCompiled: true,
        });
    await pair.call("grow", [column(BigInt)], 1000n);
    await pair.call("drop", [column((row) => BigInt(row & 1))], 1000n);
    await pair.compare();
  });
});

describe(`random modules, seed ${seed}`, () => {
  const { numRuns } = propertyRuns(4);
  let compiledCalls = 0;
  test.each(Array.from({ length: numRuns }, (_, run) => run))("module %i", async (run) => {
    const numbers = randomSource(seed + run * 7919);
    const { module } = randomModule(numbers);
    if (module.start !== undefined) return;
    using pair = await pairOf(module, run % 2 === 0 ? undefined : 500);
    for (const { name, kind, index } of module.exports) {
      if (kind !== "func") continue;
      const { params, results } = module.functions[index]!.type;
      if (!areNumbers([...params, ...results])) continue;
      const args = params.map((type) => column(() => randomValue(type, numbers).bits));
      const fuel = BigInt(Math.floor(10 ** (numbers() * 5)) + 1);
      compiledCalls += Number(await pair.call(name, args, fuel));
    }
    await pair.compare();
  });

  test("functions were compiled", () => expect(compiledCalls).toBeGreaterThan(0));
});
