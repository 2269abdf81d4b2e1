/** Hits in columns that grow: what the host finds by itself. */
import type { HitList } from "../contracts.ts";

const FIRST_CAPACITY = 64;

/** Hits are added in the order of files and offsets. */
export class HitColumns {
  count = 0;
  #file = new Uint32Array(FIRST_CAPACITY);
  #line = new Uint32Array(FIRST_CAPACITY);
  #column = new Uint32Array(FIRST_CAPACITY);
  #offset = new Float64Array(FIRST_CAPACITY);
  #length = new Uint32Array(FIRST_CAPACITY);

  add(file: number, line: number, column: number, offset: number, length: number): void {
    if (this.count === this.#file.length) this.#grow();
    const at = this.count++;
    this.#file[at] = file;
    this.#line[at] = line;
    this.#column[at] = column;
    this.#offset[at] = offset;
    this.#length[at] = length;
  }

  /** Drops what was added last. Keeps the first `count` hits. */
  shrink(count: number): void {
    this.count = count;
  }

  /** The first `count` hits. */
  list(count = this.count): HitList {
    return {
      count,
      file: this.#file.slice(0, count),
      line: this.#line.slice(0, count),
      column: this.#column.slice(0, count),
      offset: this.#offset.slice(0, count),
      length: this.#length.slice(0, count),
    };
  }

  #grow(): void {
    const larger = <T extends Uint32Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const capacity = 2 * this.count;
    this.#file = larger(this.#file, new Uint32Array(capacity));
    this.#line = larger(this.#line, new Uint32Array(capacity));
    this.#column = larger(this.#column, new Uint32Array(capacity));
    this.#offset = larger(this.#offset, new Float64Array(capacity));
    this.#length = larger(this.#length, new Uint32Array(capacity));
  }
}
