/** When a checkpoint is taken because the last one is old. Times are those of `nowMs`. */

/** Knows how old the last checkpoint is, and whether anything was done since. */
export class CheckpointSchedule {
  readonly #everyMs: number;
  #dueAtMs: number;
  /** What had been done when the last checkpoint was taken. */
  #workKept = 0;

  /** @param everyMs how old a checkpoint may be while something changes; Infinity: any age */
  constructor(everyMs: number, now: number) {
    this.#everyMs = everyMs;
    this.#dueAtMs = now + everyMs;
  }

  /** Is the last checkpoint too old? True once each time. @param work changes whenever something is done */
  isDue(now: number, work: () => number): boolean {
    if (now < this.#dueAtMs) return false;
    this.#dueAtMs = now + this.#everyMs;
    return work() !== this.#workKept;
  }

  /** A checkpoint was taken. */
  taken(now: number, work: number): void {
    this.#workKept = work;
    this.#dueAtMs = now + this.#everyMs;
  }
}
