/** How many instructions an instance runs at once: as many as keep a run short, and others on the device in time. */

/** A run that took less may be longer next time, and one that took more is shorter. */
const SHORT_MS = 10;
const LONG_MS = 100;
/** A run has no more than that. */
const MOST = 2 ** 20;

/** Learns from runs how long the next may be. */
export class Pace {
  readonly #least: number;
  #quantum: number;

  /** @param least what the first run has, and every run at least */
  constructor(least: number) {
    this.#least = least;
    this.#quantum = least;
  }

  /** Instructions of the next run. */
  get quantum(): number {
    return this.#quantum;
  }

  /** Takes note of a run. @param wasFull some instance ran as many instructions as it was allowed */
  ran(ms: number, wasFull: boolean): void {
    if (ms > LONG_MS) this.#quantum = Math.max(this.#least, Math.floor(this.#quantum / 2));
    else if (ms < SHORT_MS && wasFull) this.#quantum = Math.min(MOST, this.#quantum * 2);
  }
}
