/** A module on a device: values of every type, traps by instance, imports, memory, fuel, reset. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CompileChoice, FleetBackend, FleetCall, HostFunctions } from "../../src/wasm/contracts.ts";
import { profileOf } from "../../src/residency/device/profiled-device.ts";
import { DeviceBackend } from "../../src/wasm/gpu/device-backend.ts";
import { DeviceMachine } from "../../src/wasm/gpu/device-machine.ts";
import type { DecodedModule } from "../../src/wasm/module/index.ts";
import { Store } from "../../src/wasm/store/index.ts";
import { binaryOf, validated } from "../support/wat.ts";
import { isValidated, openTestDevice, watchValidation } from "../support/vulkan.ts";
import type { Device } from "../../src/vulkan/index.ts";

watchValidation();

const INSTANCES = 37;
const FUEL = 1_000_000n;
let device: Device;
let compile: CompileChoice;

beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device?.close());

const moduleOf = (text: string): DecodedModule => validated(binaryOf(text));

async function withBackend(
  text: string,
  body: (backend: FleetBackend, call: Caller) => Promise<void>,
  { imports = {}, startFuel = FUEL }: { imports?: HostFunctions; startFuel?: bigint } = {},
): Promise<void> {
  const module = moduleOf(text);
  const request = { module, instances: INSTANCES, maxMemoryPages: 4, startFuel, imports, compile };
  const backend = await DeviceBackend.open(request, { select: device, validation: isValidated });
  try {
    await body(backend, (name, args, fuel = FUEL) => {
      const { index } = module.exports.find((each) => each.name === name)!;
      return backend.call({ index, type: module.functions[index]!.type, args, fuel });
    });
  } finally {
    await backend.close();
  }
}

type Caller = (name: string, args: FleetCall["args"], fuel?: bigint) => ReturnType<FleetBackend["call"]>;

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const rows = Array.from({ length: INSTANCES }, (_, row) => row);

describe.each(["never", "always"] as const)("a module on a device, compiled: %s", (choice) => {
  beforeAll(() => {
    compile = choice;
  });

  test("gives each instance its own values, of every type", () =>
    withBackend(
      `(module (func (export "swap") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
         (f64.add (local.get 3) (f64.const 0.5)) (f32.neg (local.get 2))
         (i64.mul (local.get 1) (i64.const -3)) (i32.sub (local.get 0) (i32.const 7))))`,
      async (_, call) => {
        const { results, traps } = await call("swap", [
          bytesOf(Int32Array.from(rows)),
          bytesOf(BigInt64Array.from(rows, (row) => BigInt(row) << 40n)),
          bytesOf(Float32Array.from(rows, (row) => row / 3)),
          bytesOf(Float64Array.from(rows, (row) => row / 3)),
        ]);
        expect(traps).toEqual([]);
        const [f64, f32, i64, i32] = results.map(({ buffer }) => buffer as ArrayBuffer);
        expect([...new Float64Array(f64!)]).toEqual(rows.map((row) => row / 3 + 0.5));
        expect([...new Float32Array(f32!)]).toEqual(rows.map((row) => -Math.fround(row / 3)));
        expect([...new BigInt64Array(i64!)]).toEqual(rows.map((row) => BigInt(row) * (1n << 40n) * -3n));
        expect([...new Int32Array(i32!)]).toEqual(rows.map((row) => row - 7));
      },
    ));

  test("tells which instances trapped, why and where, and the others go on", () =>
    withBackend(
      `(module (memory 1) (func (export "divide") (param i32 i32) (result i32)
         (i32.store (i32.const 0) (local.get 0)) (i32.div_s (local.get 0) (local.get 1))))`,
      async (backend, call) => {
        const divisors = Int32Array.from(rows, (row) => row % 5);
        const { results, traps } = await call("divide", [
          bytesOf(Int32Array.from(rows, (row) => row * 100)),
          bytesOf(divisors),
        ]);
        expect(traps.map(({ instance }) => instance)).toEqual(rows.filter((row) => row % 5 === 0));
        const code = moduleOf(`(module (memory 1) (func (export "divide") (param i32 i32) (result i32)
         (i32.store (i32.const 0) (local.get 0)) (i32.div_s (local.get 0) (local.get 1))))`);
        const division = code.code.opcodes.indexOf(0x6d);
        expect(traps[0]).toEqual({
          instance: 0,
          reason: "integer divide by zero",
          index: 0,
          offset: code.code.offsets[division],
        });
        expect([...new Int32Array(results[0]!.buffer as ArrayBuffer)]).toEqual(
          rows.map((row) => (row % 5 === 0 ? 0 : Math.trunc((row * 100) / (row % 5)))),
        );
        // What an instance did before its trap has happened.
        expect([...(await backend.read(5, 0, 4))]).toEqual([500 & 255, 500 >> 8, 0, 0]);
      },
    ));

  test("asks the host for imports, in batches, and a function that throws traps its instance alone", () => {
    const seen: number[] = [];
    const imports = {
      env: {
        twice: (value: number | bigint) => {
          seen.push(Number(value));
          if (value === 3) throw new Error("three is too many");
          return Number(value) * 2;
        },
      },
    };
    return withBackend(
      `(module (import "env" "twice" (func $twice (param i32) (result i32)))
         (func (export "f") (param i32) (result i32)
           (i32.add (call $twice (i32.add (call $twice (local.get 0)) (i32.const 1))) (local.get 0))))`,
      async (_, call) => {
        const { results, traps } = await call("f", [bytesOf(Int32Array.from(rows))]);
        expect(seen.slice(0, INSTANCES)).toEqual(rows);
        // Instance 1 asks for 1 and then for 3; instance 3 asks for 3 at once.
        expect(traps.map(({ instance, reason }) => [instance, reason])).toEqual([
          [1, "a host function failed: three is too many"],
          [3, "a host function failed: three is too many"],
        ]);
        expect([...new Int32Array(results[0]!.buffer as ArrayBuffer)]).toEqual(
          rows.map((row) => (row === 1 || row === 3 ? 0 : (row * 2 + 1) * 2 + row)),
        );
      },
      { imports },
    );
  });

  test("a call of many runs of the kernel ends, and one without fuel is stopped", () =>
    withBackend(
      `(module (func (export "count") (param i32) (result i32) (local i32)
         (loop (local.set 1 (i32.add (local.get 1) (i32.const 1)))
           (br_if 0 (i32.lt_u (local.get 1) (local.get 0)))) (local.get 1)))`,
      async (_, call) => {
        // Row 36 needs three runs of 30,000 instructions, row 0 three instructions.
        const counts = Int32Array.from(rows, (row) => row * 1000);
        const { results, traps } = await call("count", [bytesOf(counts)]);
        expect(traps).toEqual([]);
        expect([...new Int32Array(results[0]!.buffer as ArrayBuffer)]).toEqual(
          rows.map((row) => Math.max(1, row * 1000)),
        );
        const stopped = await call("count", [bytesOf(Int32Array.from(rows, () => -1))], 100_000n);
        expect(stopped.traps.map(({ reason }) => reason)).toEqual(rows.map(() => "out of fuel"));
        const again = await call("count", [bytesOf(counts)]);
        expect(again.traps).toEqual([]);
      },
    ));

  test("a driver that ends the interpreter's loop early is found out", async () => {
    const module = moduleOf(
      `(module (func (export "count") (param i32) (local i32)
         (loop (local.set 1 (i32.add (local.get 1) (i32.const 1)))
           (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))))`,
    );
    const store = new Store({ maxMemoryPages: 0, maxTableElements: 0 });
    const { exports } = store.instantiate(module, []);
    using machine = await DeviceMachine.open({
      device,
      program: store.program(),
      image: store.image,
      instanceCount: 1,
      limits: { stackSlots: 64, maxDepth: 8 },
      quantum: 300_000, // more than a driver with a limit allows
    });
    const { loopLimit } = await profileOf(device);
    const index = exports.get("count")!.index;
    const call = machine.call(index, BigUint64Array.of(100_000n), { resultSlots: 0, fuel: FUEL });
    if (loopLimit === undefined) expect((await call).traps).toEqual(Uint8Array.of(0));
    else await expect(call).rejects.toMatchObject({ code: "EW_LOOP_LIMIT" });
  });

  test("recursion without an end traps, and the instance can be called again", () =>
    withBackend(
      `(module (func $down (export "down") (param i32) (result i32)
         (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 7))
           (else (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1))))))`,
      async (_, call) => {
        const { traps } = await call("down", [bytesOf(Int32Array.from(rows, () => -1))]);
        expect(new Set(traps.map(({ reason }) => reason))).toEqual(new Set(["call stack exhausted"]));
        const { results } = await call("down", [bytesOf(Int32Array.from(rows))]);
        expect([...new Int32Array(results[0]!.buffer as ArrayBuffer)]).toEqual(rows.map((row) => row + 7));
      },
    ));

  test("memory is each instance's own: reads, writes, growth, globals, reset", () =>
    withBackend(
      `(module (memory 1) (data (i32.const 3) "abc") (global $n (mut i64) (i64.const -5))
         (global $v f64 (f64.const 1.5))
         (func (export "grow") (param i32) (result i32)
           (global.set $n (i64.add (global.get $n) (i64.extend_i32_u (local.get 0)))) (memory.grow (local.get 0))))`,
      async (backend, call) => {
        expect(Buffer.from(await backend.read(11, 2, 5)).toString("latin1")).toBe("\0abc\0");
        await backend.write(11, 5, Uint8Array.of(1, 2, 3, 4, 5, 6));
        expect([...(await backend.read(11, 3, 9))]).toEqual([97, 98, 1, 2, 3, 4, 5, 6, 0]);
        expect([...(await backend.read(12, 3, 9))]).toEqual([97, 98, 99, 0, 0, 0, 0, 0, 0]);
        const { results } = await call("grow", [bytesOf(Int32Array.from(rows, (row) => row % 5))]);
        // One page is there, and four are the limit.
        expect([...new Int32Array(results[0]!.buffer as ArrayBuffer)]).toEqual(
          rows.map((row) => (row % 5 === 4 ? -1 : 1)),
        );
        expect(await Promise.all([3, 4].map((row) => backend.memoryPages(row)))).toEqual([4, 1]);
        await backend.write(3, 4 * 65_536 - 3, Uint8Array.of(7, 8, 9));
        expect([...(await backend.read(3, 4 * 65_536 - 3, 3))]).toEqual([7, 8, 9]);
        expect(BigInt.asIntN(64, await backend.global(8, 0))).toBe(-2n);
        expect(await backend.global(8, 1)).toBe(0x3ff8000000000000n);
        await backend.reset();
        expect([...(await backend.read(11, 3, 9))]).toEqual([97, 98, 99, 0, 0, 0, 0, 0, 0]);
        expect(await backend.memoryPages(3)).toBe(1);
        expect(BigInt.asIntN(64, await backend.global(8, 0))).toBe(-5n);
      },
    ));

  test("a frame larger than the stack traps, at the entry and in a call, and touches nothing", () =>
    withBackend(
      `(module (memory 1) (func $big (export "big") (param i32) (result i32)
           (local ${"i64 ".repeat(9000)}) (i32.store (i32.const 0) (i32.const 1)) (local.get 0))
         (func (export "outer") (param i32) (result i32) (call $big (local.get 0))))`,
      async (backend, call) => {
        for (const name of ["big", "outer"]) {
          const { traps } = await call(name, [bytesOf(Int32Array.from(rows))]);
          expect(traps.map(({ reason }) => reason)).toEqual(rows.map(() => "call stack exhausted"));
        }
        expect([...(await backend.read(7, 0, 4))]).toEqual([0, 0, 0, 0]);
      },
    ));

  test("imports are answered at any depth, up to the end of the stack", () => {
    const imports = { env: { pair: (a: number | bigint) => [Number(a) + 1, BigInt(Number(a)) * 2n] } };
    return withBackend(
      `(module (import "env" "pair" (func $pair (param i32) (result i32 i64)))
         (func $down (export "down") (param i32 i32) (result i32) (local ${"i64 ".repeat(40)})
           (if (i32.eqz (local.get 0)) (then (return (drop (call $pair (local.get 1))))))
           (call $down (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))`,
      async (_, call) => {
        // A frame has 45 registers or so, and there are 8192: the last rows come to their end, and the others near it.
        const depths = Int32Array.from(rows, (row) => row * 6);
        const { results, traps } = await call("down", [
          bytesOf(depths),
          bytesOf(Int32Array.from(rows, (row) => row * 100)),
        ]);
        const given = new Int32Array(results[0]!.buffer as ArrayBuffer);
        const trapped = new Set(traps.map(({ instance }) => instance));
        expect(trapped.size).toBeGreaterThan(0);
        expect(trapped.size).toBeLessThan(INSTANCES / 2);
        for (const { reason } of traps) expect(reason).toBe("call stack exhausted");
        for (const row of rows) expect(given[row]).toBe(trapped.has(row) ? 0 : row * 100 + 1);
      },
      { imports },
    );
  });

  test("an instance reaches all of its own memory and nothing of its neighbours'", () =>
    withBackend(
      `(module (memory 2) (func (export "fill") (param i32 i32)
         (if (local.get 1) (then
           (memory.fill (i32.const 0) (local.get 0) (i32.const 0x20000))
           (i64.store (i32.const 0x1fff8) (i64.const -1)) (i64.store (i32.const 0x1fff9) (i64.const -1))))))`,
      async (backend, call) => {
        // Every third row fills its memory, and then traps at its end.
        const fills = Int32Array.from(rows, (row) => Number(row % 3 === 1));
        const { traps } = await call("fill", [
          bytesOf(Int32Array.from(rows, (row) => row + 1)),
          bytesOf(fills),
        ]);
        expect(traps.map(({ instance }) => instance)).toEqual(rows.filter((row) => row % 3 === 1));
        expect(new Set(traps.map(({ reason }) => reason))).toEqual(new Set(["out of bounds memory access"]));
        for (const row of [0, 2, 3, 33, 35, 36]) {
          const bytes = await backend.read(row, 0, 0x20000);
          expect(bytes.every((byte) => byte === 0)).toBe(true);
        }
        for (const row of [1, 34]) {
          const bytes = await backend.read(row, 0, 0x20000);
          expect(bytes.subarray(0, 0x1fff8).every((byte) => byte === row + 1)).toBe(true);
          expect(bytes.subarray(0x1fff8).every((byte) => byte === 255)).toBe(true);
        }
      },
    ));

  test("closing ends a call that runs, and everything after it is refused", async () => {
    const module = moduleOf(`(module (memory 1) (func (export "spin") (loop (br 0))))`);
    const request = { module, instances: INSTANCES, maxMemoryPages: 1, startFuel: FUEL, imports: {} };
    const backend = await DeviceBackend.open(request, { select: device });
    const { index, type } = { index: 0, type: module.functions[0]!.type };
    const endless = backend.call({ index, type, args: [], fuel: 1n << 50n });
    const ended = expect(endless).rejects.toMatchObject({ code: "EW_CLOSED" });
    await Promise.all([backend.close(), backend.close(), ended]);
    await expect(backend.read(0, 0, 1)).rejects.toMatchObject({ code: "EW_CLOSED" });
  });

  test("more instances than fit are refused, with the number that fits", async () => {
    const module = moduleOf(`(module (memory 1) (func (export "f")))`);
    const request = { module, instances: 50_000_000, maxMemoryPages: 65_536, startFuel: FUEL, imports: {} };
    await expect(DeviceBackend.open(request, { select: device })).rejects.toThrow(
      /50000000 instances need \d+ bytes of .*About \d+ instances fit/s,
    );
  });

  test("a start function runs in every instance; one that traps is an error", async () => {
    await withBackend(
      `(module (memory 1) (func $s (i32.store (i32.const 8) (i32.const 42))) (start $s))`,
      async (backend) => expect([...(await backend.read(20, 8, 1))]).toEqual([42]),
    );
    await expect(
      withBackend(`(module (func $s (unreachable)) (start $s))`, () => Promise.resolve()),
    ).rejects.toMatchObject({ code: "EW_WASM_TRAP", message: expect.stringContaining("unreachable") });
  });
});
