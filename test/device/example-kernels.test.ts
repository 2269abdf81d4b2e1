/** The kernels of examples/ against their references, on the bare loop and with every strategy that this device allows. */
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AccumulatorReference } from "../../examples/accumulator.reference.ts";
import { CounterReference } from "../../examples/counter.reference.ts";
import { longestChain, RECORDS } from "../../examples/long-job.reference.ts";
import { packageRoot } from "../../src/base/package-root.ts";
import { measureProfile } from "../../src/residency/device/profiled-device.ts";
import type { DeviceProfile } from "../../src/residency/profile/device-profile.ts";
import { array, f32, struct, u32, u64 } from "../../src/schema/index.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { TypedLoop } from "../support/typed-loop.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

let device: Device;
let profile: DeviceProfile;
beforeAll(async () => {
  device = openTestDevice();
  profile = await measureProfile(device);
});
afterAll(() => {
  device?.close();
});

const source = (name: string): string => join(packageRoot(), "examples", `${name}.comp`);

describe("accumulator", () => {
  const launch = (historyBytes: number) =>
    TypedLoop.launch({
      device,
      profile,
      source: source("accumulator"),
      request: struct("Request", { windowLength: u32, value: f32 }),
      response: struct("Response", { mean: f32 }),
      state: { history: historyBytes },
      workgroupSize: 64,
    });
  // Eighths: sums of these are exact, in whatever order they are added.
  const request = fc.record({
    windowLength: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(0xffff_ffff)),
    value: fc.integer({ min: -800, max: 800 }).map((eighths) => eighths / 8),
  });

  it.each([40, 400, 1 << 16])(
    "answers as its reference does, with %i bytes of history",
    async (historyBytes) => {
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 60 }), async (requests) => {
          await using kernel = await launch(historyBytes);
          const reference = new AccumulatorReference(historyBytes);
          for (const each of requests) {
            const { mean } = await kernel.call(each);
            // A device may be one unit in the last place off when it divides.
            const wanted = reference.call(each).mean;
            expect(Math.abs(mean - wanted)).toBeLessThanOrEqual(Math.abs(wanted) * 2 ** -22);
          }
        }),
        { numRuns: 4 },
      );
    },
  );

  it("refuses a window of nothing", async () => {
    await using kernel = await launch(1024);
    await expect(kernel.call({ windowLength: 0, value: 1 })).rejects.toThrow("code 1");
    expect(await kernel.call({ windowLength: 5, value: 2.5 })).toEqual({ mean: 2.5 });
  });
});

describe("counter", () => {
  const launch = (tableBytes: number) =>
    TypedLoop.launch({
      device,
      profile,
      source: source("counter"),
      request: struct("Request", { operation: u32, amount: u32, keyBytes: u32, key: array(u32, 4) }),
      response: struct("Response", { count: u64 }),
      state: { table: tableBytes },
    });
  const words = (key: string): { keyBytes: number; key: number[] } => {
    const bytes = new Uint8Array(16);
    return {
      keyBytes: new TextEncoder().encodeInto(key, bytes).written,
      key: [...new Uint32Array(bytes.buffer)],
    };
  };
  // Few keys, so that they come again; with zeros at the end, and the empty one.
  const key = fc.oneof(
    fc.constantFrom("", "\0", "a", "a\0", "sixteen bytes ..", "sixteen bytes .,"),
    fc.integer({ min: 0, max: 40 }).map((number) => `key ${number}`),
  );

  // 32 threads look at 32 entries at a time: tables below, at and above that, one so small that it fills up.
  it.each([4, 32, 33, 2048])("answers as its reference does, with room for %i keys", async (capacity) => {
    const step = fc.record({ isAdd: fc.boolean(), key, amount: fc.integer({ min: 0, max: 0xffff_ffff }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 120 }), async (steps) => {
        await using kernel = await launch(capacity * 32);
        const reference = new CounterReference(capacity * 32);
        for (const each of steps) {
          const call = kernel.call({
            operation: each.isAdd ? 1 : 0,
            amount: each.amount,
            ...words(each.key),
          });
          const wanted = each.isAdd ? reference.add(each.key, each.amount) : reference.get(each.key);
          if (wanted === undefined) await expect(call).rejects.toThrow("code 1");
          else expect(await call).toEqual({ count: wanted });
        }
      }),
      { numRuns: 3 },
    );
  });
});

describe("long-job", () => {
  const launch = (loop: object = {}) =>
    TypedLoop.launch({
      device,
      profile,
      source: source("long-job"),
      request: struct("Request", { limit: u64 }),
      response: struct("Response", { start: u64, steps: u32 }),
      state: { best: 32 },
      workgroupSize: 64,
      loop,
    });

  it("answers as its reference does", async () => {
    await using kernel = await launch();
    for (const limit of [2, 3, 4, 255, 256, 257, 258, 1000, 4321])
      expect(await kernel.call({ limit: BigInt(limit) })).toEqual(longestChain(limit));
    for (const limit of [0n, 1n, 10_000_000_001n, 1n << 63n])
      await expect(kernel.call({ limit })).rejects.toThrow("code 1");
  });

  it("finds the published records, in many launches, with urgent jobs in between", async () => {
    await using kernel = await launch({ strategy: "leased", leaseMs: 5 });
    const answers = new Map<bigint, Promise<{ start: bigint; steps: number }>>();
    for (const { limit } of RECORDS.slice(0, 4)) answers.set(limit, kernel.call({ limit }));
    for (const { limit, start, steps } of RECORDS.slice(0, 2))
      expect(await kernel.call({ limit }, 1)).toEqual({ start, steps });
    for (const { limit, start, steps } of RECORDS.slice(0, 4))
      expect(await answers.get(limit)).toEqual({ start, steps });
    expect(kernel.loop.counts.launches).toBeGreaterThan(10);
  });
});
