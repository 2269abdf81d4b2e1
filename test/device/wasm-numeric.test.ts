/** Numeric instructions on a device against the reference: every instruction, all pairs of edges, random operands. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/vulkan/index.ts";
import { assertExact, computeOn } from "../../src/wasm/gpu/exactness.ts";
import { numericReference } from "../../src/wasm/reference/index.ts";
import { NUMERIC_INSTRUCTIONS, operandPairs, randomSource } from "../support/numeric-cases.ts";
import { propertySeed } from "../support/property-runs.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

const seed = propertySeed();
let device: Device;

beforeAll(() => {
  device = openTestDevice();
});

afterAll(() => device?.close());

describe(`numeric instructions on a device, seed ${seed}`, () => {
  test("the device is found to compute exactly", () => expect(assertExact(device)).resolves.toBeUndefined());

  test.each(NUMERIC_INSTRUCTIONS.map((instruction) => [instruction.name, instruction] as const))(
    "%s gives what the reference gives",
    async (_, instruction) => {
      const pairs = operandPairs(instruction, 20_000, randomSource(seed));
      const own = await computeOn(
        device,
        pairs.map(([a, b]) => [instruction.operation, a, b] as const),
      );
      pairs.forEach(([a, b], index) => {
        const { bits, trap } = own[index]!;
        const expected = numericReference(instruction.operation, a, b);
        const isSame = trap === expected.trap && (trap !== 0 || bits === expected.bits);
        if (!isSame) expect({ a, b, bits, trap }).toEqual({ a, b, ...expected });
      });
    },
  );
});
