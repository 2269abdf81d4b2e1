/** Whether a kernel neither answers nor works. */
import { ASSERT_INTERVAL_MS } from "../../base/index.ts";

/** A look that comes so late tells nothing of the time since the last one. */
const LOOK_GAP_MS = 500;

/** Notes when a kernel was last seen at work. Times are those of `nowMs`. */
export class WorkWatch {
  #lookedMs = 0;
  #stillSinceMs = 0;
  #workSeen = -1;

  /** Is it time for a look? If so, it counts as done. */
  isDue(now: number): boolean {
    if (now - this.#lookedMs < ASSERT_INTERVAL_MS) return false;
    if (now - this.#lookedMs > LOOK_GAP_MS) this.#stillSinceMs = now;
    this.#lookedMs = now;
    return true;
  }

  /**
   * How long the kernel has been still. Idle polls are no work: one workgroup may wait for another one that hangs.
   * @param work a number that changes whenever something is done
   * @param isAsked false where there is nothing to do
   */
  stillMs(work: number, isAsked: boolean, now: number): number {
    if (work !== this.#workSeen || !isAsked) {
      this.#workSeen = work;
      this.#stillSinceMs = now;
    }
    return now - this.#stillSinceMs;
  }

  /** What was seen before tells nothing of what the kernel does from now on. */
  begin(): void {
    this.#lookedMs = 0;
    this.#workSeen = -1;
  }
}
