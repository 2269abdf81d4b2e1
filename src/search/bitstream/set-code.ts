/** Code that tells which of 16 bytes are in a set. */
import { type Code, get, i32, VECTOR } from "./wasm-code.ts";
import type { ByteSet } from "./byte-shape.ts";

/** Gives the local that holds a constant vector. */
export type Constants = (bytes: readonly number[]) => number;

interface Range {
  readonly low: number;
  readonly high: number;
  /** Upper and lower case together: the ranges are those of lower case. */
  readonly isFolded: boolean;
}

/** More ranges than this are told by tables of nibbles. */
const RANGES_MAX = 3;
const FOLD = 0x20;

const splat = (byte: number): number[] => Array.from({ length: 16 }, () => byte);

/**
 * Code that leaves a vector on the stack: in each byte, the highest bit tells whether the byte is in the set.
 * @param bytes local of the bytes
 */
export function setCode(set: ByteSet, bytes: number, constant: Constants): Code {
  const isHigh = set.subarray(0x80).every((member) => member === 1);
  // Bytes from 0x80 on have their highest bit set by themselves.
  const rest = isHigh ? Uint8Array.from(set, (member, byte) => (byte < 0x80 ? member : 0)) : set;
  const ranges = rangesOf(rest);
  const parts =
    ranges.length > RANGES_MAX && rest.subarray(0x80).every((member) => member === 0)
      ? [tableCode(rest, bytes, constant)]
      : ranges.map((range) => rangeCode(range, bytes, constant));
  if (isHigh) parts.push(get(bytes));
  if (parts.length === 0) return get(constant(splat(0)));
  return parts.map((part, index) => (index === 0 ? part : [part, VECTOR.or]));
}

function rangesOf(set: ByteSet): Range[] {
  const ranges: Range[] = [];
  for (let low = 0; low < 256; low++) {
    if (set[low] !== 1) continue;
    let high = low;
    while (set[high + 1] === 1) high++;
    ranges.push({ low, high, isFolded: false });
    low = high;
  }
  const isUpper = ({ low, high }: Range): boolean => low >= 0x41 && high <= 0x5a;
  const pairs = ranges.filter(
    (one) =>
      isUpper(one) && ranges.some(({ low, high }) => low === one.low + FOLD && high === one.high + FOLD),
  );
  return ranges.flatMap((range) => {
    if (pairs.includes(range)) return [];
    return [{ ...range, isFolded: pairs.some(({ low }) => low + FOLD === range.low) }];
  });
}

function rangeCode({ low, high, isFolded }: Range, bytes: number, constant: Constants): Code {
  const seen = isFolded ? [get(bytes), get(constant(splat(FOLD))), VECTOR.or] : get(bytes);
  if (low === high) return [seen, get(constant(splat(low))), VECTOR.eq];
  const moved = low === 0 ? seen : [seen, get(constant(splat(low))), VECTOR.sub];
  return [moved, get(constant(splat(high - low))), VECTOR.leU];
}

/** By nibbles: a table of the low ones has a bit for each high one. The set has no byte from 0x80 on. */
function tableCode(set: ByteSet, bytes: number, constant: Constants): Code {
  const low = splat(0);
  for (let byte = 0; byte < 0x80; byte++) if (set[byte] === 1) low[byte & 15]! |= 1 << (byte >> 4);
  const high = Array.from({ length: 16 }, (_, nibble) => (nibble < 8 ? 1 << nibble : 0));
  return [
    [get(constant(low)), get(bytes), get(constant(splat(0x0f))), VECTOR.and, VECTOR.swizzle],
    [get(constant(high)), get(bytes), i32(4), VECTOR.shrU, VECTOR.swizzle],
    VECTOR.and,
    get(constant(splat(0))),
    VECTOR.ne,
  ];
}
