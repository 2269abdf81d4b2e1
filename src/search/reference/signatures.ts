/**
 * The slow, obvious reference of `kernels/signatures.comp` and of the host's signature kernel: the signatures of a
 * text, and which blocks a literal leaves.
 */

/** Sizes as they are told to the reference, so that it does not depend on those in use. */
export interface SignatureSizes {
  readonly blockBytes: number;
  readonly overlapBytes: number;
  /** The row of a trigram: a number of 24 bits, the first byte lowest, letters in lower case. */
  rowOf(trigram: number): number;
}

/** The rows that each block of a text has a bit in. */
export function signatureSets(bytes: Uint8Array, sizes: SignatureSizes): Set<number>[] {
  const sets: Set<number>[] = [];
  for (let begin = 0; begin < bytes.length; begin += sizes.blockBytes) {
    sets.push(new Set(rowsBetween(bytes, begin, begin + sizes.blockBytes + sizes.overlapBytes, sizes)));
  }
  return sets;
}

/**
 * Numbers of the blocks that may hold the first byte of a literal.
 * @param sets as `signatureSets` gives them
 */
export function survivingBlocks(
  sets: readonly Set<number>[],
  literal: Uint8Array,
  sizes: SignatureSizes,
): number[] {
  const wanted = rowsBetween(literal, 0, sizes.overlapBytes, sizes);
  return [...sets.keys()].filter((block) => wanted.every((row) => sets[block]!.has(row)));
}

/** Rows of the trigrams that start in bytes[from, end). */
function rowsBetween(bytes: Uint8Array, from: number, end: number, sizes: SignatureSizes): number[] {
  const rows: number[] = [];
  for (let at = from; at < end && at + 3 <= bytes.length; at++) {
    const text = Buffer.from(bytes.subarray(at, at + 3)).toString("latin1");
    const lower = text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
    rows.push(sizes.rowOf(Buffer.from(lower, "latin1").readUIntLE(0, 3)));
  }
  return rows;
}
