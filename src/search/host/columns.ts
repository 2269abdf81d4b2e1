/** Columns of words that grow together: what a thread collects for a query before it publishes. */

const FIRST_CAPACITY = 1024;
/** After a huge answer the room is given back. */
const CAPACITY_KEPT = 1 << 18;
/** Shorter runs are copied faster word by word. */
const SHORT_RUN = 32;

/** Rows are added at the end: `reserve`, write at `columns[…][length…]`, then add to `length`. */
export class Columns {
  readonly count: number;
  columns: Uint32Array<ArrayBuffer>[];
  length = 0;
  #capacity = FIRST_CAPACITY;

  /** @param count number of columns */
  constructor(count: number) {
    this.count = count;
    this.columns = this.#allocate();
  }

  /** Makes room for so many more rows. `columns` are others afterwards. */
  reserve(rows: number): void {
    const wanted = this.length + rows;
    if (wanted <= this.#capacity) return;
    this.#capacity = Math.max(2 * this.#capacity, wanted);
    const before = this.columns;
    this.columns = this.#allocate();
    for (const [index, column] of this.columns.entries()) column.set(before[index]!.subarray(0, this.length));
  }

  /** Copies words of `source` into the rows from `length` on, for which there is room. */
  write(column: number, source: Uint32Array, from: number, count: number): void {
    copyRun(source, from, count, this.columns[column]!, this.length);
  }

  /** The first columns, handed over. Begins anew. */
  take(count = this.count): Uint32Array<ArrayBuffer>[] {
    const taken = this.columns.slice(0, count).map((column) => column.slice(0, this.length));
    this.clear();
    return taken;
  }

  clear(): void {
    this.length = 0;
    if (this.#capacity <= CAPACITY_KEPT) return;
    this.#capacity = FIRST_CAPACITY;
    this.columns = this.#allocate();
  }

  /** Gives back all room. Only where there are no rows. */
  trim(): void {
    if (this.length > 0 || this.#capacity === FIRST_CAPACITY) return;
    this.#capacity = FIRST_CAPACITY;
    this.columns = this.#allocate();
  }

  #allocate(): Uint32Array<ArrayBuffer>[] {
    return Array.from({ length: this.count }, () => new Uint32Array(this.#capacity));
  }
}

/** Copies source[from, from + count) to target[at…]. */
export function copyRun(
  source: Uint32Array,
  from: number,
  count: number,
  target: Uint32Array,
  at: number,
): void {
  if (count > SHORT_RUN) target.set(source.subarray(from, from + count), at);
  else for (let index = 0; index < count; index++) target[at + index] = source[from + index]!;
}
