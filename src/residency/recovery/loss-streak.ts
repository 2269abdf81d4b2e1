/** The losses of a kernel since its last answer. */
import type { EverwarpError } from "../../base/index.ts";

/** Counts consecutive losses. An answer between two losses starts a new streak. */
export class LossStreak {
  /** Losses in which the kernel had taken no request, so no request is a suspect. */
  faultlessLosses = 0;
  /** The reason of the first loss. */
  firstCause: EverwarpError | undefined;
  #answeredCount = 0;

  /** Notes a loss. @param answeredCount number of answers so far */
  lost(reason: EverwarpError, answeredCount: number): void {
    if (answeredCount > this.#answeredCount) {
      this.#answeredCount = answeredCount;
      this.faultlessLosses = 0;
      this.firstCause = undefined;
    }
    this.firstCause ??= reason;
  }
}
