/** The table from the viewpoint of backends: words, and which of them changed. */

/** Words [begin, end) of the table, both multiples of 4. */
export interface WordRange {
  readonly begin: number;
  readonly end: number;
}

/**
 * The table in host memory: one flat space of up to 2³⁰ words (`table.schema.ts`). Its regions never move and only
 * grow, so most of it is reserved but untouched. The memory is live: copy data that must outlive the call.
 */
export interface TableImage {
  /** The flat space. */
  readonly words: Uint32Array;
  /** The ranges in use, in ascending order. The first begins with the header at word 0. */
  regions(): WordRange[];
}

/**
 * The words that one change wrote. A change may contain many entries: a batch of additions, or both sides of a rename.
 */
export interface TableEdits {
  /** Pairs of begin and end, in words: ascending, disjoint, multiples of 4. */
  readonly runs: Uint32Array;
}
