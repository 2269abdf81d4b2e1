/**
 * Characters as bytes: the deterministic graph of the UTF-8 sequences of a class, forwards or backwards.
 *
 * A range of code points is first cut into sequences of byte ranges, as in the crate `utf8-ranges`. Then sequences that
 * begin alike are joined, and places from which the same sequences remain are one node.
 */

/** Bytes from `low` to `high` lead to `node`; `ACCEPT`: the character is complete. */
export interface ByteEdge {
  readonly low: number;
  readonly high: number;
  readonly node: ByteNode | typeof ACCEPT;
}

/** Edges are apart and ascending. */
export interface ByteNode {
  readonly edges: readonly ByteEdge[];
}

/** The end of a character. */
export const ACCEPT = undefined;

/** A run of byte ranges, one for each byte of a character. */
type Sequence = readonly (readonly [low: number, high: number])[];

/** Code points from which on a character has one byte more. */
const LENGTH_BORDERS = [0x7f, 0x7ff, 0xffff, 0x10_ffff];
const SURROGATES: readonly [number, number] = [0xd800, 0xdfff];

/**
 * @param ranges closed ranges of code points, apart; surrogates in them are left out, as they have no UTF-8
 * @param isReversed the last byte of a character comes first
 */
export function byteNodeOf(ranges: readonly (readonly [number, number])[], isReversed: boolean): ByteNode {
  const sequences: Sequence[] = [];
  for (const [low, high] of ranges) {
    addSequences(low, Math.min(high, SURROGATES[0] - 1), sequences);
    addSequences(Math.max(low, SURROGATES[1] + 1), high, sequences);
  }
  return joined(isReversed ? sequences.map((sequence) => sequence.toReversed()) : sequences);
}

/** Cuts [low, high] where the number of bytes changes, and where bytes behind the first are not a whole range. */
function addSequences(low: number, high: number, into: Sequence[]): void {
  if (low > high) return;
  for (const border of LENGTH_BORDERS) {
    if (low <= border && border < high) {
      addSequences(low, border, into);
      addSequences(border + 1, high, into);
      return;
    }
  }
  for (let bits = 6; bits <= 18 && low > 0x7f; bits += 6) {
    const mask = (1 << bits) - 1;
    if ((low & ~mask) === (high & ~mask)) break;
    if ((low & mask) !== 0) {
      addSequences(low, low | mask, into);
      addSequences((low | mask) + 1, high, into);
      return;
    }
    if ((high & mask) !== mask) {
      addSequences(low, (high & ~mask) - 1, into);
      addSequences(high & ~mask, high, into);
      return;
    }
  }
  const from = Buffer.from(String.fromCodePoint(low));
  const to = Buffer.from(String.fromCodePoint(high));
  into.push(Array.from(from, (byte, index) => [byte, to[index] as number]));
}

/** What remains of a sequence, and how that is written in a key. */
interface Rest {
  readonly sequence: Sequence;
  readonly from: number;
}

function joined(sequences: readonly Sequence[]): ByteNode {
  const known = new Map<string, ByteNode>();
  const node = (rests: readonly Rest[]): ByteNode | typeof ACCEPT => {
    // UTF-8 is free of prefixes in both directions: where one sequence is complete, all are.
    if (rests.some(({ sequence, from }) => from === sequence.length)) return ACCEPT;
    const key = keyOf(rests);
    const before = known.get(key);
    if (before !== undefined) return before;
    const made = { edges: edgesOf(rests) };
    known.set(key, made);
    return made;
  };
  const edgesOf = (rests: readonly Rest[]): ByteEdge[] => {
    const borders = new Set<number>();
    for (const { sequence, from } of rests) {
      const [low, high] = sequence[from] as readonly [number, number];
      borders.add(low).add(high + 1);
    }
    const cuts = [...borders].sort((a, b) => a - b);
    const edges: ByteEdge[] = [];
    for (let index = 0; index + 1 < cuts.length; index++) {
      const low = cuts[index] as number;
      const high = (cuts[index + 1] as number) - 1;
      const inside = rests.filter(({ sequence, from }) => {
        const [first, last] = sequence[from] as readonly [number, number];
        return first <= low && high <= last;
      });
      if (inside.length === 0) continue;
      const next = node(inside.map(({ sequence, from }) => ({ sequence, from: from + 1 })));
      const last = edges.at(-1);
      if (last !== undefined && last.high + 1 === low && last.node === next)
        edges[edges.length - 1] = { ...last, high };
      else edges.push({ low, high, node: next });
    }
    return edges;
  };
  return node(sequences.map((sequence) => ({ sequence, from: 0 }))) ?? { edges: [] };
}

const keyOf = (rests: readonly Rest[]): string =>
  [...new Set(rests.map(({ sequence, from }) => sequence.slice(from).join(" ")))].sort().join("|");
