/** Detects a kernel that has requests in flight but finishes nothing. */

/** If two checks are further apart, nothing is known about the time between them. */
const LOOK_GAP_MS = 5_000;

/** Notes signs of work, and measures the time without one. */
export class StallWatch {
  readonly #stallMs: number;
  #sign = -1;
  #signMs = 0;
  #lookedMs = 0;

  /** @param stallMs how long a kernel may finish nothing; Infinity: for ever */
  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  /** Milliseconds without a sign that count as a loss; Infinity: never. */
  get stallMs(): number {
    return this.#stallMs;
  }

  /**
   * Checks once.
   * @param sign a number that changes whenever the kernel finishes something
   * @param isAsked false if there is nothing to finish
   * @returns whether the kernel has finished nothing for too long
   */
  isStalled(sign: number, isAsked: boolean, nowMs: number): boolean {
    // A late check restarts the measurement, because the process may have been suspended.
    if (sign !== this.#sign || !isAsked || nowMs - this.#lookedMs > LOOK_GAP_MS) this.#signMs = nowMs;
    this.#sign = sign;
    this.#lookedMs = nowMs;
    return nowMs - this.#signMs > this.#stallMs;
  }
}
