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

/** What remains of a sequence. Equal rests are one object. */
interface Rest {
  readonly id: number;
  readonly low: number;
  readonly high: number;
  /** Undefined where the character is complete behind this byte. */
  readonly next: Rest | undefined;
}

function restsOf(sequences: readonly Sequence[]): Rest[] {
  const known = new Map<string, Rest>();
  const firsts = sequences.map((sequence) =>
    sequence.reduceRight<Rest | undefined>((next, [low, high]) => {
      const key = `${low},${high},${next?.id ?? ""}`;
      let rest = known.get(key);
      if (rest === undefined) known.set(key, (rest = { id: known.size, low, high, next }));
      return rest;
    }, undefined),
  );
  return [...new Set(firsts.filter((rest) => rest !== undefined))];
}

function joined(sequences: readonly Sequence[]): ByteNode {
  const known = new Map<string, ByteNode>();
  const nodeOf = (rests: readonly Rest[]): ByteNode => {
    const key = rests.map(({ id }) => id).join();
    let node = known.get(key);
    if (node === undefined) known.set(key, (node = { edges: edgesOf(rests) }));
    return node;
  };
  /** The rests of each byte, and runs of bytes that have the same. */
  const edgesOf = (rests: readonly Rest[]): ByteEdge[] => {
    const borders = [...new Set(rests.flatMap(({ low, high }) => [low, high + 1]))].sort((a, b) => a - b);
    const edges: ByteEdge[] = [];
    for (const [index, low] of borders.slice(0, -1).entries()) {
      const high = (borders[index + 1] as number) - 1;
      const inside = rests.filter((rest) => rest.low <= low && high <= rest.high);
      if (inside.length === 0) continue;
      // UTF-8 is free of prefixes in both directions: where one sequence is complete, all are.
      const isComplete = inside.some(({ next }) => next === undefined);
      const next = new Set(inside.map((rest) => rest.next as Rest));
      const node = isComplete ? ACCEPT : nodeOf([...next].sort((a, b) => a.id - b.id));
      const last = edges.at(-1);
      if (last !== undefined && last.high + 1 === low && last.node === node)
        edges[edges.length - 1] = { ...last, high };
      else edges.push({ low, high, node });
    }
    return edges;
  };
  return nodeOf(restsOf(sequences));
}
