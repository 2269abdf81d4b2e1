/** The lengths of the hits of a scan, which are those of its literals. */
import type { Literal } from "../contracts.ts";

/**
 * @param literal per hit: index into `literals`
 * @returns per hit: length in bytes
 */
export function hitLengths(literal: Uint32Array, literals: readonly Literal[]): Uint32Array {
  const [first] = literals;
  if (literals.length === 1 && first !== undefined)
    return new Uint32Array(literal.length).fill(first.bytes.length);
  const lengths = literals.map(({ bytes }) => bytes.length);
  return literal.map((index) => lengths[index] as number);
}
