/** The slow, obvious reference of all that finds literals: on the host src/search/scanner/assembly/scan.ts. */
import type { Literal } from "../contracts.ts";

const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);

function liesAt({ bytes, ignoreAsciiCase }: Literal, haystack: Uint8Array, position: number): boolean {
  for (let index = 0; index < bytes.length; index++) {
    const seen = haystack[position + index]!;
    if ((ignoreAsciiCase ? lower(seen) : seen) !== bytes[index]) return false;
  }
  return true;
}

/**
 * Every occurrence, overlapping ones too, that lies wholly in haystack[from, end): by position, then literal number.
 */
export function literalOccurrences(
  literals: readonly Literal[],
  haystack: Uint8Array,
  from: number,
  end: number,
): { position: number; literal: number }[] {
  const found: { position: number; literal: number }[] = [];
  for (let position = from; position < end; position++) {
    for (const [number, literal] of literals.entries()) {
      if (position + literal.bytes.length <= end && liesAt(literal, haystack, position))
        found.push({ position, literal: number });
    }
  }
  return found;
}
