/** Whether a kernel that was asked finishes anything. */

/** Looks that lie further apart than this tell nothing of the time between. */
const LOOK_GAP_MS = 5_000;

/** Notes signs of work, and tells how long there was none. */
export class StallWatch {
  readonly #stallMs: number;
  #sign = -1;
  #signMs = 0;
  #lookedMs = 0;

  /** @param stallMs how long a kernel may finish nothing; Infinity: for ever */
  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  /** Milliseconds without a sign that count as a loss; Infinity: none. */
  get stallMs(): number {
    return this.#stallMs;
  }

  /**
   * Looks once.
   * @param sign a number that changes whenever the kernel finishes something
   * @param isAsked false where there is nothing to finish
   * @returns whether the kernel finished nothing for too long
   */
  isStalled(sign: number, isAsked: boolean, nowMs: number): boolean {
    // A look that comes late tells nothing of the time since the last one: the process may have been stopped.
    if (sign !== this.#sign || !isAsked || nowMs - this.#lookedMs > LOOK_GAP_MS) this.#signMs = nowMs;
    this.#sign = sign;
    this.#lookedMs = nowMs;
    return nowMs - this.#signMs > this.#stallMs;
  }
}
