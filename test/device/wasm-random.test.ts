/** Random modules on a device, on the reference of its kernel, and on Node's WebAssembly. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/vulkan/index.ts";
import { randomSource } from "../support/numeric-cases.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";
import { contestOf } from "../support/wasm-contest.ts";
import { randomModule } from "../support/wasm-random.ts";

watchValidation();

const seed = propertySeed();
let device: Device;

beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device?.close());

describe(`random modules, seed ${seed}`, () => {
  const { numRuns } = propertyRuns(6);
  let calls = 0;
  test.each(Array.from({ length: numRuns }, (_, run) => run))("module %i", async (run) => {
    const numbers = randomSource(seed + run * 7919);
    const contest = await contestOf(randomModule(numbers), numbers, device);
    expect(contest.differences).toEqual([]);
    calls += contest.calls;
  });

  test("modules were called", () => expect(calls).toBeGreaterThan(0));
});
