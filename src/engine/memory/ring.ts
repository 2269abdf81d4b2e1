/**
 * Room that is given out and taken back in one order: first in, first out.
 *
 *     ┌ free ┬ in use ────────┬ free ┐          a piece never wraps: the rest at the end is left out, and comes back with it
 *            ▲ tail           ▲ head
 */
export class Ring {
  readonly capacity: number;
  /** Where the next piece begins, counted on without end; taken modulo the capacity. */
  #head = 0;
  /** Where the oldest piece in use begins. */
  #tail = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Where the next piece of `size` would begin; −1 where there is no room now. */
  place(size: number): number {
    const at = this.#head % this.capacity;
    const skipped = at + size > this.capacity ? this.capacity - at : 0;
    if (this.#head + skipped + size - this.#tail > this.capacity) return -1;
    return skipped > 0 ? 0 : at;
  }

  /** Takes the place that was told for `size`; returns the mark to give back when it, and all before it, is free. */
  take(size: number): number {
    const at = this.#head % this.capacity;
    this.#head += (at + size > this.capacity ? this.capacity - at : 0) + size;
    return this.#head;
  }

  /** Everything up to a mark is free. */
  release(mark: number): void {
    this.#tail = mark;
    if (this.#tail === this.#head) this.#head = this.#tail = 0;
  }
}
