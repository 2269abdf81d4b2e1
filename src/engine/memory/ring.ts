/**
 * Room that is given out and taken back in one order: first in, first out.
 *
 *     ┌ free ┬ in use ────────┬ free ┐      a piece never wraps: the rest at the end is skipped,
 *            ▲ tail           ▲ head        and comes back with the piece
 */

/** What `Ring.place` returns if there is no room now. */
export const NO_ROOM = -1;

/** Counts the room of a ring. The memory itself is the owner's. */
export class Ring {
  /** Room in whatever unit the owner counts: bytes, or results. */
  readonly capacity: number;
  /** Where the next piece begins. It counts on without end; the place is this modulo the capacity. */
  #head = 0;
  /** Where the oldest piece in use begins. */
  #tail = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Where the next piece of `size` would begin; `NO_ROOM` if there is no room now. */
  place(size: number): number {
    const at = this.#head % this.capacity;
    const skipped = at + size > this.capacity ? this.capacity - at : 0;
    if (this.#head + skipped + size - this.#tail > this.capacity) return NO_ROOM;
    return skipped > 0 ? 0 : at;
  }

  /** Takes the place that `place` returned for `size`. @returns the mark for `release` */
  take(size: number): number {
    const at = this.#head % this.capacity;
    this.#head += (at + size > this.capacity ? this.capacity - at : 0) + size;
    return this.#head;
  }

  /** Frees everything up to a mark. The oldest mark must be released first. */
  release(mark: number): void {
    this.#tail = mark;
    if (this.#tail === this.#head) this.#head = this.#tail = 0;
  }
}
