/**
 * A ring of room that is taken and released in the same order: first in, first out.
 *
 *     ┌ free ┬ in use ────────┬ free ┐      a piece is never split: the rest at the end is skipped,
 *            ▲ tail           ▲ head        and is released with the piece
 */

/** The result of `Ring.place` if there is no room now. */
export const NO_ROOM = -1;

/** Counts the room of a ring. The memory itself belongs to the owner. */
export class Ring {
  /** Room in the unit that the owner counts: bytes, or results. */
  readonly capacity: number;
  /** The position of the next piece. It only grows; the place is the position modulo the capacity. */
  #head = 0;
  /** The position of the oldest piece in use. */
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

  /** Takes the room that `place` returned for `size`. @returns the mark for `release` */
  take(size: number): number {
    const at = this.#head % this.capacity;
    this.#head += (at + size > this.capacity ? this.capacity - at : 0) + size;
    return this.#head;
  }

  /** Releases everything up to a mark. Marks must be released in order. */
  release(mark: number): void {
    this.#tail = mark;
    if (this.#tail === this.#head) this.#head = this.#tail = 0;
  }
}
