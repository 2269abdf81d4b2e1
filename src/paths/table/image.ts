/** The table as backends see it: words, and which of them changed. */

/** Words [begin, end) of the table, both multiples of 4. */
export interface WordRange {
  readonly begin: number;
  readonly end: number;
}

/**
 * The table in host memory: one flat space of up to 2³⁰ words (`table.schema.ts`). Its regions never move and only
 * grow, so most of it is untouched reservation. The memory is live: copy what must outlive the call.
 */
export interface TableImage {
  /** The flat space. */
  readonly words: Uint32Array;
  /** What is in use now, in ascending order. It begins with the header at word 0. */
  regions(): WordRange[];
}

/** What one change wrote. A change may be many entries: a batch of additions, or both sides of a rename. */
export interface TableEdits {
  /** Pairs of begin and end, in words: ascending, apart from each other, multiples of 4. */
  readonly runs: Uint32Array;
}
