/**
 * Every numeric instruction of WebAssembly in TypeScript: the reference of `kernels/numeric.glsl`.
 *
 * Source: WebAssembly Core Specification 2.0, section 4.3. Every NaN that arithmetic gives is the canonical one, which
 * the specification always allows.
 */
import { Operation as Op, Trap } from "../form/index.ts";

/** The bits of a result, or why there is none. */
export interface NumericResult {
  readonly bits: bigint;
  /** A reason of `Trap`; 0 if there is a result. */
  readonly trap: number;
}

const view = new DataView(new ArrayBuffer(8));
const F32_NAN = 0x7fc00000n;
const F64_NAN = 0x7ff8000000000000n;

/**
 * What an instruction gives.
 *
 * @param operation of the register form
 * @param a bits of the operand, or of the first one, as an unsigned number
 * @param b bits of the second operand; not read by instructions with one
 */
export function numericReference(operation: number, a: bigint, b: bigint): NumericResult {
  if (operation >= Op.I32_WRAP) return conversion(operation, a);
  if (operation >= Op.F64_ABS) return good(float(operation - Op.F64_ABS, 64, a, b));
  if (operation >= Op.F32_ABS) return good(float(operation - Op.F32_ABS, 32, a, b));
  if (operation >= Op.I64_CLZ) return integer(operation - Op.I64_CLZ, 64, a, b);
  if (operation >= Op.I32_CLZ) return integer(operation - Op.I32_CLZ, 32, a, b);
  if (operation >= Op.F64_EQ) return truth(compare(operation - Op.F64_EQ, valueOf64(a), valueOf64(b)));
  if (operation >= Op.F32_EQ) return truth(compare(operation - Op.F32_EQ, valueOf32(a), valueOf32(b)));
  if (operation >= Op.I64_EQZ) return truth(compareIntegers(operation - Op.I64_EQZ, 64, a, b));
  return truth(compareIntegers(operation - Op.I32_EQZ, 32, a, b));
}

const good = (bits: bigint): NumericResult => ({ bits, trap: Trap.NONE });
const trapped = (trap: number): NumericResult => ({ bits: 0n, trap });
const truth = (isTrue: boolean): NumericResult => good(isTrue ? 1n : 0n);
const unsigned = (width: number, value: bigint): NumericResult => good(BigInt.asUintN(width, value));

/** The number that the bits of an f32 stand for. */
function valueOf32(bits: bigint): number {
  view.setUint32(0, Number(bits));
  return view.getFloat32(0);
}

/** The number that the bits of an f64 stand for. */
function valueOf64(bits: bigint): number {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

/** The bits of the nearest f32. */
function bitsOf32(value: number): bigint {
  if (Number.isNaN(value)) return F32_NAN;
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
}

/** The bits of an f64. */
function bitsOf64(value: number): bigint {
  if (Number.isNaN(value)) return F64_NAN;
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** eqz, eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u. */
function compareIntegers(index: number, width: number, a: bigint, b: bigint): boolean {
  if (index === 0) return a === 0n;
  if (index <= 2) return (a === b) === (index === 1);
  const isSigned = index % 2 === 1;
  const [x, y] = isSigned ? [BigInt.asIntN(width, a), BigInt.asIntN(width, b)] : [a, b];
  if (index <= 4) return x < y;
  if (index <= 6) return x > y;
  return index <= 8 ? x <= y : x >= y;
}

/** eq, ne, lt, gt, le, ge. */
function compare(index: number, a: number, b: number): boolean {
  return [a === b, a !== b, a < b, a > b, a <= b, a >= b][index]!;
}

/** clz, ctz, popcnt, add, sub, mul, div_s, div_u, rem_s, rem_u, and, or, xor, shl, shr_s, shr_u, rotl, rotr. */
function integer(index: number, width: number, a: bigint, b: bigint): NumericResult {
  const text = a.toString(2).padStart(width, "0");
  const by = b % BigInt(width);
  switch (index) {
    case 0:
      return good(BigInt(a === 0n ? width : text.indexOf("1")));
    case 1:
      return good(BigInt(a === 0n ? width : width - 1 - text.lastIndexOf("1")));
    case 2:
      return good(BigInt(text.replaceAll("0", "").length));
    case 3:
      return unsigned(width, a + b);
    case 4:
      return unsigned(width, a - b);
    case 5:
      return unsigned(width, a * b);
    case 6:
    case 7:
    case 8:
    case 9:
      return divide(index, width, a, b);
    case 10:
      return good(a & b);
    case 11:
      return good(a | b);
    case 12:
      return good(a ^ b);
    case 13:
      return unsigned(width, a << by);
    case 14:
      return unsigned(width, BigInt.asIntN(width, a) >> by);
    case 15:
      return good(a >> by);
    default: {
      const left = Number(index === 16 ? by : (BigInt(width) - by) % BigInt(width));
      return good(BigInt(`0b${text.slice(left)}${text.slice(0, left)}`));
    }
  }
}

function divide(index: number, width: number, a: bigint, b: bigint): NumericResult {
  if (b === 0n) return trapped(Trap.DIVIDE_BY_ZERO);
  const isSigned = index % 2 === 0;
  const [x, y] = isSigned ? [BigInt.asIntN(width, a), BigInt.asIntN(width, b)] : [a, b];
  if (index >= 8) return unsigned(width, x % y);
  const quotient = x / y;
  if (isSigned && BigInt.asIntN(width, quotient) !== quotient) return trapped(Trap.INTEGER_OVERFLOW);
  return unsigned(width, quotient);
}

/** abs, neg, ceil, floor, trunc, nearest, sqrt, add, sub, mul, div, min, max, copysign. */
function float(index: number, width: 32 | 64, a: bigint, b: bigint): bigint {
  const sign = 1n << BigInt(width - 1);
  if (index === 0) return a & ~sign;
  if (index === 1) return a ^ sign;
  if (index === 13) return (a & ~sign) | (b & sign);
  const [x, y] = width === 32 ? [valueOf32(a), valueOf32(b)] : [valueOf64(a), valueOf64(b)];
  const value = [
    Math.ceil(x),
    Math.floor(x),
    Math.trunc(x),
    nearest(x),
    Math.sqrt(x),
    x + y,
    x - y,
    x * y,
    x / y,
    Math.min(x, y),
    Math.max(x, y),
  ][index - 2]!;
  return width === 32 ? bitsOf32(value) : bitsOf64(value);
}

/** To the nearest whole number, ties to even. */
function nearest(x: number): number {
  const low = Math.floor(x);
  if (!Number.isFinite(x) || low === x) return x;
  const rest = x - low;
  const isUp = rest > 0.5 || (rest === 0.5 && low % 2 !== 0);
  const value = isUp ? low + 1 : low;
  return value === 0 && x < 0 ? -0 : value;
}

function conversion(operation: number, a: bigint): NumericResult {
  const signed = (width: number): bigint => BigInt.asIntN(width, a);
  const { I32_TRUNC_F32_S, I64_TRUNC_F32_S, I32_TRUNC_SAT_F32_S: SAT } = Op;
  if (operation >= SAT) return truncation(operation - SAT, a, true);
  switch (operation) {
    case Op.I32_EXTEND8:
    case Op.I32_EXTEND8 + 1:
      return unsigned(32, signed(operation === Op.I32_EXTEND8 ? 8 : 16));
    case Op.I32_EXTEND8 + 2:
    case Op.I32_EXTEND8 + 3:
    case Op.I32_EXTEND8 + 4:
      return unsigned(64, signed(8 << (operation - Op.I32_EXTEND8 - 2)));
    case Op.I32_WRAP:
      return unsigned(32, a);
    case Op.I64_EXTEND_S:
      return unsigned(64, signed(32));
    case Op.F32_DEMOTE:
      return good(bitsOf32(valueOf64(a)));
    case Op.F64_PROMOTE:
      return good(bitsOf64(valueOf32(a)));
    case Op.F32_CONVERT_I32_S:
      return good(bitsOf32(Number(signed(32))));
    case Op.F32_CONVERT_I32_S + 1:
      return good(bitsOf32(Number(a)));
    case Op.F32_CONVERT_I32_S + 2:
      return good(nearestFloat(signed(64)));
    case Op.F32_CONVERT_I32_S + 3:
      return good(nearestFloat(a));
    case Op.F64_CONVERT_I32_S:
      return good(bitsOf64(Number(signed(32))));
    case Op.F64_CONVERT_I32_S + 2:
      return good(bitsOf64(Number(signed(64))));
    case Op.F64_CONVERT_I32_S + 1:
    case Op.F64_CONVERT_I32_S + 3:
      return good(bitsOf64(Number(a)));
  }
  if (operation >= Op.REINTERPRET || operation === Op.I64_EXTEND_S + 1) return good(a);
  if (operation >= I64_TRUNC_F32_S) return truncation(operation - I64_TRUNC_F32_S + 4, a, false);
  return truncation(operation - I32_TRUNC_F32_S, a, false);
}

/** The bits of the f32 nearest to a whole number, rounded once, ties to even. */
function nearestFloat(value: bigint): bigint {
  const magnitude = value < 0n ? -value : value;
  const excess = BigInt(Math.max(0, magnitude.toString(2).length - 24));
  const unit = 1n << excess;
  let kept = magnitude >> excess;
  const rest = magnitude - kept * unit;
  if (rest * 2n > unit || (rest * 2n === unit && unit > 1n && kept % 2n === 1n)) kept += 1n;
  const exact = Number(kept * unit); // at most 25 bits that are not zero
  return bitsOf32(value < 0n ? -exact : exact);
}

/** By index: i32 from f32_s, f32_u, f64_s, f64_u, then i64 from the same. */
function truncation(index: number, a: bigint, saturates: boolean): NumericResult {
  const width = index >= 4 ? 64 : 32;
  const isSigned = index % 2 === 0;
  const value = Math.trunc((index & 2) === 0 ? valueOf32(a) : valueOf64(a));
  if (Number.isNaN(value)) return saturates ? good(0n) : trapped(Trap.INVALID_CONVERSION);
  const low = isSigned ? -(1n << BigInt(width - 1)) : 0n;
  const high = isSigned ? (1n << BigInt(width - 1)) - 1n : (1n << BigInt(width)) - 1n;
  if (value === Infinity || (Number.isFinite(value) && BigInt(value) > high))
    return saturates ? unsigned(width, high) : trapped(Trap.INTEGER_OVERFLOW);
  if (value === -Infinity || BigInt(value) < low)
    return saturates ? unsigned(width, low) : trapped(Trap.INTEGER_OVERFLOW);
  return unsigned(width, BigInt(value));
}
