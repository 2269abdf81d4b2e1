/** The reference of numeric instructions against the WebAssembly of Node. */
import { describe, expect, test } from "vitest";
import { propertySeed } from "../../../test/support/property-runs.ts";
import { NUMERIC_INSTRUCTIONS, operandPairs, randomSource } from "../../../test/support/numeric-cases.ts";
import { nodeNumeric } from "../../../test/support/node-numeric.ts";
import { numericReference } from "./numeric.ts";

const seed = propertySeed();

describe(`numeric instructions, seed ${seed}`, () => {
  test("there are 136 of them", () => expect(NUMERIC_INSTRUCTIONS).toHaveLength(136));

  test.each(NUMERIC_INSTRUCTIONS.map((instruction) => [instruction.name, instruction] as const))(
    "%s gives what Node gives",
    (_, instruction) => {
      const run = nodeNumeric(instruction.opcode);
      for (const [a, b] of operandPairs(instruction, 500, randomSource(seed))) {
        const own = numericReference(instruction.operation, a, b);
        const expected = run(a, b);
        if (own.bits !== expected.bits || own.trap !== expected.trap)
          expect({ a, b, ...own }).toEqual({ a, b, ...expected });
      }
    },
  );
});
