/** Lanes of vectors, as operations on lanes read and write them. */
import { type LaneFields, Saturation } from "../form/index.ts";

/** A lane of a slot, extended to 64 bits. */
export function readLane(slot: bigint, lane: number, { from, isSigned = false }: LaneFields): bigint {
  const bits = BigInt.asUintN(from, slot >> BigInt(lane * from));
  return isSigned ? BigInt.asUintN(64, BigInt.asIntN(from, bits)) : bits;
}

/** A slot with a lane replaced. */
export function writeLane(slot: bigint, value: bigint, { to, target = 0 }: LaneFields): bigint {
  const at = BigInt(target * to);
  const mask = ((1n << BigInt(to)) - 1n) << at;
  return (slot & ~mask) | (BigInt.asUintN(to, value) << at);
}

/** The nearest number that a lane can hold. @param value read as a signed number of 64 bits */
export function saturate(value: bigint, how: number, width: number): bigint {
  if (how === Saturation.NONE) return value;
  const isSigned = how === Saturation.SIGNED;
  const high = (1n << BigInt(isSigned ? width - 1 : width)) - 1n;
  const low = isSigned ? -high - 1n : 0n;
  const number = BigInt.asIntN(64, value);
  if (number > high) return high;
  return number < low ? low : number;
}
