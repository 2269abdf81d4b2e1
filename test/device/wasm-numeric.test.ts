/** Numeric instructions on a device against the reference: every instruction, all pairs of edges, random operands. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kernelFile, sharedPrograms, type ProgramLease } from "../../src/programs/index.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { NumericAnswer, NumericLaunch, NumericQuestion } from "../../src/wasm/form/index.ts";
import { numericReference } from "../../src/wasm/reference/index.ts";
import { NUMERIC_INSTRUCTIONS, operandPairs, randomSource } from "../support/numeric-cases.ts";
import { propertySeed } from "../support/property-runs.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

const seed = propertySeed();
let device: Device;
let program: ProgramLease;

beforeAll(async () => {
  device = openTestDevice();
  program = await sharedPrograms().acquire(device, { file: kernelFile("wasm/kernels/numeric") });
});

afterAll(() => {
  program?.release();
  device?.close();
});

type Row = readonly [operation: number, a: bigint, b: bigint];

async function answers(rows: readonly Row[]): Promise<{ bits: bigint; trap: number }[]> {
  const questionWords = NumericQuestion.strideBytes / 4;
  const answerWords = NumericAnswer.strideBytes / 4;
  using questions = device.createBuffer({ role: "upload", sizeBytes: rows.length * questionWords * 4 });
  using results = device.createBuffer({ role: "readback", sizeBytes: rows.length * answerWords * 4 });
  const input = new Uint32Array(questions.host);
  rows.forEach(([operation, a, b], index) =>
    NumericQuestion.pack({ operation, a, b, unused: 0 }, input.subarray(index * questionWords)),
  );
  const launch = NumericLaunch.pack(
    { questions: questions.address, answers: results.address, count: rows.length },
    new Uint32Array(NumericLaunch.sizeBytes / 4),
  );
  await device.runAsync(
    (recorder) => {
      recorder.bind(program.pipeline).push(launch);
      recorder.dispatch(Math.ceil(rows.length / 64)).barrier("compute", "host");
    },
    { timeoutMs: 60_000 },
  );
  const output = new Uint32Array(results.host);
  return rows.map((_, index) => NumericAnswer.unpack(output.subarray(index * answerWords)));
}

describe(`numeric instructions on a device, seed ${seed}`, () => {
  test.each(NUMERIC_INSTRUCTIONS.map((instruction) => [instruction.name, instruction] as const))(
    "%s gives what the reference gives",
    async (_, instruction) => {
      const pairs = operandPairs(instruction, 20_000, randomSource(seed));
      const own = await answers(pairs.map(([a, b]) => [instruction.operation, a, b] as const));
      pairs.forEach(([a, b], index) => {
        const { bits, trap } = own[index]!;
        const expected = numericReference(instruction.operation, a, b);
        const isSame = trap === expected.trap && (trap !== 0 || bits === expected.bits);
        if (!isSame) expect({ a, b, bits, trap }).toEqual({ a, b, ...expected });
      });
    },
  );
});
