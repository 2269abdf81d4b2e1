/**
 * Signatures: which trigrams a block of text may have. A scan for a literal passes over the blocks that lack one of its
 * trigrams.
 *
 *   text      │ block 0 │ block 1 │ …  2,048 bytes each
 *   trigrams    of block 0: all that start in it or in the 64 bytes behind it
 *   row h     │ bit 0   │ bit 1   │ …  bit b: block b has a trigram whose hash is h; 32 blocks a word
 *
 * A literal's trigrams that start within 64 bytes of each other are all in the block that the first of them starts in.
 * So rows ANDed never lose a block: they keep some too many, where hashes collide or trigrams are not in a row.
 * The sizes and the hash were measured: docs/decisions/0010-signatures.md.
 */

/** Sizes of signatures, and their hash. Kernels get them from scan.schema.ts; the host's has them as numbers. */
export const SIGNATURE = {
  BLOCK_BYTES: 2048,
  /** Bytes of text that a word of a row tells of: 32 blocks. */
  WORD_BYTES: 65_536,
  /** Bits of a block's signature. */
  ROWS: 2048,
  /** Trigrams that start so many bytes behind a block are in its signature, too. */
  OVERLAP_BYTES: 64,
  /** A trigram's row is the high bits of its product with this (xxHash's fourth prime). */
  MULTIPLIER: 0x27d4_eb2f,
  SHIFT: 21,
} as const;

/** Bytes of all rows for one word of blocks. */
export const WORD_COLUMN_BYTES = SIGNATURE.ROWS * 4;

/** The mask that leaves every row its own. A smaller one makes hashes collide, for tests. */
export const ALL_ROWS = SIGNATURE.ROWS - 1;

const folded = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);

/** The row of the trigram at `at`: ASCII letters as lower-case ones, other bytes as they are. */
function rowAt(bytes: Uint8Array, at: number, rowMask: number): number {
  const trigram =
    folded(bytes[at] as number) |
    (folded(bytes[at + 1] as number) << 8) |
    (folded(bytes[at + 2] as number) << 16);
  return (Math.imul(trigram, SIGNATURE.MULTIPLIER) >>> SIGNATURE.SHIFT) & rowMask;
}

/**
 * The rows that all have the bit of a block in which the byte `from` of a literal lies. Each row is given once.
 * @param from offset in the literal of the first trigram
 * @param rowMask `ALL_ROWS`, or less for tests
 * @returns no row where nothing of three bytes is left: every block may have the literal
 */
export function literalRows(bytes: Uint8Array, from: number, rowMask: number): number[] {
  const end = Math.min(bytes.length - 2, from + SIGNATURE.OVERLAP_BYTES);
  const rows: number[] = [];
  for (let at = from; at < end; at++) {
    const row = rowAt(bytes, at, rowMask);
    if (!rows.includes(row)) rows.push(row);
  }
  return rows;
}
