/** Numeric instructions as Node's own WebAssembly computes them. Operands and results are bits, so no NaN changes. */
import type { Opcode } from "../../src/wasm/module/opcodes.ts";
import { Trap } from "../../src/wasm/form/index.ts";
import { NodeEngine } from "../../src/wasm/host/index.ts";

const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;
const F64 = 0x7c;
/** By type: the integer type with the same bits, and the instructions from it and to it. */
const CARRIERS: Readonly<Record<number, { type: number; from: number[]; to: number[] }>> = {
  [I32]: { type: I32, from: [], to: [] },
  [I64]: { type: I64, from: [], to: [] },
  [F32]: { type: I32, from: [0xbe], to: [0xbc] },
  [F64]: { type: I64, from: [0xbf], to: [0xbd] },
};

const TRAPS: readonly [RegExp, number][] = [
  [/divide by zero|remainder by zero/, Trap.DIVIDE_BY_ZERO],
  [/divide result unrepresentable/, Trap.INTEGER_OVERFLOW],
  [/unrepresentable/, Trap.INTEGER_OVERFLOW],
];

/** A function that runs one instruction. NaNs of arithmetic come back as the canonical one. */
export function nodeNumeric({
  code,
  signature,
  name,
}: Opcode): (a: bigint, b: bigint) => { bits: bigint; trap: number } {
  const params = signature!.params.map((type) => CARRIERS[type]!);
  const result = CARRIERS[signature!.results[0]!]!;
  const body = [
    0,
    ...params.flatMap(({ from }, index) => [0x20, index, ...from]),
    ...(code > 0xff ? [code >> 8, code & 0xff] : [code]),
    ...result.to,
    0x0b,
  ];
  const section = (id: number, bytes: number[]): number[] => [id, bytes.length, ...bytes];
  const binary = new Uint8Array([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, [1, 0x60, params.length, ...params.map(({ type }) => type), 1, result.type]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, body.length, ...body]),
  ]);
  const { f } = new NodeEngine.Instance(new NodeEngine.Module(binary)).exports as {
    f: (...values: (number | bigint)[]) => number | bigint;
  };
  const keepsNaN = /abs|neg|copysign|reinterpret/.test(name);
  const [float] = signature!.results;
  return (a, b) => {
    try {
      const operands = [a, b].slice(0, params.length);
      const value = f(
        ...operands.map((bits, index) => (params[index]!.type === I32 ? Number(bits) | 0 : bits)),
      );
      const bits = BigInt.asUintN(result.type === I32 ? 32 : 64, BigInt(value));
      return { bits: keepsNaN ? bits : canonical(bits, float!), trap: Trap.NONE };
    } catch (error) {
      if (!(error instanceof NodeEngine.RuntimeError)) throw error;
      const found = TRAPS.find(([pattern]) => pattern.test(error.message));
      if (found === undefined) throw error;
      // Node has one text for a NaN and for a number that is too large.
      const isNaNOperand = /trunc/.test(name) && isNaNOf(a, signature!.params[0]!);
      return { bits: 0n, trap: isNaNOperand ? Trap.INVALID_CONVERSION : found[1] };
    }
  };
}

function isNaNOf(bits: bigint, type: number): boolean {
  if (type === F32) return (bits & 0x7fff_ffffn) > 0x7f80_0000n;
  return type === F64 && (bits & 0x7fff_ffff_ffff_ffffn) > 0x7ff0_0000_0000_0000n;
}

function canonical(bits: bigint, type: number): bigint {
  if (!isNaNOf(bits, type)) return bits;
  return type === F32 ? 0x7fc0_0000n : 0x7ff8_0000_0000_0000n;
}
