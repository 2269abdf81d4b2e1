/** Operands for numeric instructions: the edges of every type, and random bits that look like numbers. */
import { allOpcodes, type Opcode } from "../../src/wasm/module/opcodes.ts";

/** A numeric instruction, as modules and the register form name it. */
export interface NumericInstruction {
  readonly name: string;
  readonly opcode: Opcode;
  readonly operation: number;
}

/** All scalar numeric instructions: 0x45 … 0xc4 and the conversions that saturate. */
export const NUMERIC_INSTRUCTIONS: readonly NumericInstruction[] = allOpcodes()
  .filter(({ code }) => (code >= 0x45 && code <= 0xc4) || (code >= 0xfc00 && code <= 0xfc07))
  .map((opcode) => ({
    name: opcode.name,
    opcode,
    operation: opcode.code >= 0xfc00 ? opcode.code - 0xfc00 + 0xe0 : opcode.code,
  }));

const EDGES_32 = [
  0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 0xff, 0x80, 0x7f, 0x8000, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000,
  0x8000_0001, 0xffff_fffe, 0xffff_ffff, 0x3f80_0000, 0xbf80_0000, 0x3f00_0000, 0xbf00_0000, 0x3fc0_0000,
  0xbfc0_0000, 0x4020_0000, 0x0080_0000, 0x007f_ffff, 0x807f_ffff, 0x7f7f_ffff, 0xff7f_ffff, 0x7f80_0000,
  0xff80_0000, 0x7fc0_0000, 0x7fa0_0000, 0xffc0_0001, 0xff80_0001, 0x4f00_0000, 0xcf00_0000, 0xcf00_0001,
  0x4eff_ffff, 0x4f80_0000, 0x4f7f_ffff, 0x5f00_0000, 0xdf00_0000, 0xdf00_0001, 0x5f80_0000, 0x5f7f_ffff,
  0xbf7f_ffff, 0x4b00_0000, 0x4b00_0001, 0x4b80_0000,
].map(BigInt);

const EDGES_64 = [
  ...EDGES_32,
  ...[
    1,
    0.5,
    1.5,
    2.5,
    -0.5,
    -0.99,
    5e-324,
    2.2250738585072014e-308,
    1.7976931348623157e308,
    Infinity,
    -Infinity,
  ].map(bits),
  ...[
    2147483647.5,
    2147483648,
    -2147483648.9,
    -2147483649,
    4294967295.9,
    4294967296,
    2 ** 63,
    -(2 ** 63),
  ].map(bits),
  ...[
    2 ** 64,
    18446744073709549568,
    9223372036854774784,
    -9223372036854777856,
    1.401298464324817e-45,
    7e-46,
  ].map(bits),
  ...[
    7.006492321624085e-46, 3.4028235677973366e38, 3.4028234663852886e38, 1.1754943508222875e-38,
    4503599627370495.5,
  ].map(bits),
  ...[1.1754942807573643e-38, 1.00000005960464477539, 1.0000001788139343, 0.49999999999999994].map(bits),
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0x8000000000000001n,
  0xffffffffffffffffn,
  0x7ff8000000000000n,
  0x7ff0000000000001n,
  0xfff8000000000001n,
  0x7ff4000000000000n,
  0x8000000000000000n,
  0x000fffffffffffffn,
  0x0000008000000001n,
  0x7fffff4000000001n,
  0x8000004000000001n,
  0xffffff8000000000n,
  0x0020000020000001n,
  0x4000004000000001n,
  0x4000004000000000n,
  0x400000c000000000n,
];

function bits(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** A source of numbers from 0 up to 1, by George Marsaglia's xorshift. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

/** Pairs of operands for an instruction: its edges against each other, then random ones. */
export function operandPairs(
  { opcode }: NumericInstruction,
  randomCount: number,
  random: () => number,
): [bigint, bigint][] {
  const params = opcode.signature!.params;
  const widths = params.map((type) => (type === 0x7f || type === 0x7d ? 32 : 64));
  const edges = widths[0] === 32 ? EDGES_32 : EDGES_64;
  const pairs: [bigint, bigint][] =
    params.length === 1
      ? edges.map((a) => [a, 0n])
      : edges.flatMap((a) => edges.map((b): [bigint, bigint] => [a, b]));
  for (let index = 0; index < randomCount; index++) {
    const operand = (): bigint => randomOperand(widths[0]!, random, edges);
    pairs.push([operand(), params.length === 1 ? 0n : operand()]);
  }
  return pairs;
}

function randomOperand(width: number, random: () => number, edges: readonly bigint[]): bigint {
  const word = (): bigint => BigInt(Math.floor(random() * 2 ** 32));
  const any = width === 32 ? word() : (word() << 32n) | word();
  const choice = random();
  if (choice < 0.2) return edges[Math.floor(random() * edges.length)]!;
  if (choice < 0.4) return any >> BigInt(Math.floor(random() * width));
  if (choice < 0.7) return any;
  // An exponent near 0, where conversions and sums have something to do.
  const value = (random() - 0.5) * 2 ** Math.floor(random() * 140 - 70);
  if (width === 64) return bits(value);
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
}
