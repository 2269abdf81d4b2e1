/** Decides when the last checkpoint is too old. Times are those of `nowMs`. */

/** Knows the age of the last checkpoint, and whether anything was done since. */
export class CheckpointSchedule {
  readonly #everyMs: number;
  #dueAtMs: number;
  /** The value of `work` at the last checkpoint. */
  #workKept = 0;

  /** @param everyMs maximum age of a checkpoint while something changes; Infinity: no limit */
  constructor(everyMs: number, now: number) {
    this.#everyMs = everyMs;
    this.#dueAtMs = now + everyMs;
  }

  /**
   * Whether the last checkpoint is too old. True only once for each checkpoint. @param work changes whenever something
   * is done
   */
  isDue(now: number, work: () => number): boolean {
    if (now < this.#dueAtMs) return false;
    this.#dueAtMs = now + this.#everyMs;
    return work() !== this.#workKept;
  }

  /** Notes that a checkpoint was taken. */
  taken(now: number, work: number): void {
    this.#workKept = work;
    this.#dueAtMs = now + this.#everyMs;
  }
}
