/** The table as backends see it: words, and which of them changed. */

/** Words of the table that are in use, or that a change touched: [begin, end), both multiples of 4. */
export interface WordRange {
  readonly begin: number;
  readonly end: number;
}

/**
 * The table as it lies in host memory: one flat space of words (`table.schema.ts`), mostly untouched reservation. Its regions never move and
 * only grow, so the space is sparse and up to 2³⁰ words long. Live memory: copy what is to outlive the call.
 */
export interface TableImage {
  readonly words: Uint32Array;
  /** What is in use now, in ascending order; it begins with the header at word 0. */
  regions(): WordRange[];
}

/**
 * One change (which may be many entries: a batch of adds, both sides of a rename): what of the image is no longer as it was, everything
 * that was added included.
 */
export interface TableEdits {
  /** Pairs of begin and end, in words: ascending, apart from each other, multiples of 4. */
  readonly runs: Uint32Array;
}
