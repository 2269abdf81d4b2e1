/**
 * Finds out whether a device computes exactly: edges of numbers, once for each device, against the reference. Vulkan
 * does not promise what WebAssembly needs, so it is measured and not believed.
 */
import { EverwarpError } from "../../base/index.ts";
import { kernelFile, sharedPrograms } from "../../programs/index.ts";
import type { Device } from "../../vulkan/index.ts";
import { NumericAnswer, NumericLaunch, NumericQuestion, Operation as Op } from "../form/index.ts";
import { opcodeOf, VALUE_TYPE } from "../module/index.ts";
import { numericReference } from "../reference/index.ts";

/** An operation and its operands. */
export type NumericRow = readonly [operation: number, a: bigint, b: bigint];

const THREADS = 64;

/** Operands of 32 and 64 bits: zeros, ones, the largest and the smallest of each type, infinities, NaNs, ties. */
const EDGES_32 = [
  0x0, 0x1, 0x2, 0x1f, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x3f80_0000, 0xbf00_0000, 0x4020_0000,
  0x0080_0000, 0x007f_ffff, 0x807f_ffff, 0x7f7f_ffff, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7fa0_0001,
  0x4f00_0000, 0xcf00_0001, 0x5f7f_ffff, 0x4b00_0001,
].map(BigInt);
const EDGES_64 = [
  0x0n,
  0x1n,
  0x2n,
  0x3fn,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_ffffn,
  0x3ff0_0000_0000_0000n,
  0xbfe0_0000_0000_0000n,
  0x4004_0000_0000_0000n,
  0x0010_0000_0000_0000n,
  0x000f_ffff_ffff_ffffn,
  0x800f_ffff_ffff_ffffn,
  0x7fef_ffff_ffff_ffffn,
  0x7ff0_0000_0000_0000n,
  0xfff0_0000_0000_0000n,
  0x7ff8_0000_0000_0000n,
  0x7ff4_0000_0000_0001n,
  0x41e0_0000_0000_0000n,
  0xc1e0_0000_0020_0000n,
  0x43df_ffff_ffff_ffffn,
  0x36a0_0000_0000_0000n,
  0x3810_0000_2000_0000n,
  0x3fd5_5555_5555_5555n,
];

const judged = new WeakMap<Device, Promise<void>>();

/** @throws EW_WASM_UNSUPPORTED naming an operation that gave other bits than it must */
export function assertExact(device: Device): Promise<void> {
  let verdict = judged.get(device);
  if (verdict === undefined) {
    verdict = judge(device);
    judged.set(device, verdict);
  }
  return verdict;
}

async function judge(device: Device): Promise<void> {
  const rows = allRows();
  const answers = await computeOn(device, rows);
  rows.forEach(([operation, a, b], index) => {
    const expected = numericReference(operation, a, b);
    const { bits, trap } = answers[index]!;
    if (trap === expected.trap && (trap !== 0 || bits === expected.bits)) return;
    const name = opcodeOf(operation)?.name ?? `operation ${operation}`;
    throw new EverwarpError(
      "EW_WASM_UNSUPPORTED",
      `${device.info.name} computes ${name} of 0x${a.toString(16)} and 0x${b.toString(16)} as 0x${bits.toString(16)} ` +
        `and not as 0x${expected.bits.toString(16)}`,
      { remedy: "Use the host engine; a newer driver may help." },
    );
  });
}

function allRows(): NumericRow[] {
  const rows: NumericRow[] = [];
  for (let code = Op.I32_EQZ; code < Op.MEMORY_INIT; code++) {
    const opcode = opcodeOf(code >= Op.I32_TRUNC_SAT_F32_S ? code - Op.I32_TRUNC_SAT_F32_S + 0xfc00 : code);
    const params = opcode?.signature?.params;
    if (params === undefined) continue;
    const isShort = params[0] === VALUE_TYPE.i32 || params[0] === VALUE_TYPE.f32;
    const edges = isShort ? EDGES_32 : EDGES_64;
    for (const a of edges) for (const b of params.length === 2 ? edges : [0n]) rows.push([code, a, b]);
  }
  return rows;
}

/** What a device computes. @returns the bits of each result, and a reason of `Trap` where there is none */
export async function computeOn(
  device: Device,
  rows: readonly NumericRow[],
): Promise<{ readonly bits: bigint; readonly trap: number }[]> {
  const program = await sharedPrograms().acquire(device, { file: kernelFile("wasm/kernels/numeric") });
  const questionWords = NumericQuestion.strideBytes / 4;
  const answerWords = NumericAnswer.strideBytes / 4;
  try {
    using questions = device.createBuffer({ role: "upload", sizeBytes: rows.length * questionWords * 4 });
    using answers = device.createBuffer({ role: "readback", sizeBytes: rows.length * answerWords * 4 });
    const input = new Uint32Array(questions.host);
    rows.forEach(([operation, a, b], index) =>
      NumericQuestion.pack({ operation, a, b, unused: 0 }, input.subarray(index * questionWords)),
    );
    const launch = NumericLaunch.pack({
      questions: questions.address,
      answers: answers.address,
      count: rows.length,
    });
    await device.runAsync((recorder) => {
      recorder
        .bind(program.pipeline)
        .push(launch)
        .dispatch(Math.ceil(rows.length / THREADS));
      recorder.barrier("compute", "host");
    });
    const output = new Uint32Array(answers.host);
    return rows.map((_, index) => NumericAnswer.unpack(output.subarray(index * answerWords)));
  } finally {
    program.release();
  }
}
