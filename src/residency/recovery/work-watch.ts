/** Detects a kernel that neither answers nor works. */
import { ASSERT_INTERVAL_MS } from "../../base/index.ts";

/** After a longer gap between two checks, nothing is known about the time between them. */
const LOOK_GAP_MS = 500;

/** Notes when a kernel was last seen working. Times are those of `nowMs`. */
export class WorkWatch {
  #lookedMs = 0;
  #stillSinceMs = 0;
  #workSeen = -1;

  /** Whether a check is due. If so, it counts as done. */
  isDue(now: number): boolean {
    if (now - this.#lookedMs < ASSERT_INTERVAL_MS) return false;
    if (now - this.#lookedMs > LOOK_GAP_MS) this.#stillSinceMs = now;
    this.#lookedMs = now;
    return true;
  }

  /**
   * How long the kernel has been inactive. Idle polls do not count as work, because one workgroup may wait for another
   * one that hangs.
   * @param work a number that changes whenever the kernel does something
   * @param isAsked false if there is nothing to do
   */
  stillMs(work: number, isAsked: boolean, now: number): number {
    if (work !== this.#workSeen || !isAsked) {
      this.#workSeen = work;
      this.#stillSinceMs = now;
    }
    return now - this.#stillSinceMs;
  }

  /** Forgets earlier observations, because they say nothing about a new launch. */
  begin(): void {
    this.#lookedMs = 0;
    this.#workSeen = -1;
  }
}
