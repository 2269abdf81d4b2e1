/** Detects a kernel that neither answers nor works. */
import { ASSERT_INTERVAL_MS } from "../../base/index.ts";
import type { ResidentLoop } from "../launch/index.ts";

/** A launch that has not begun is waited for this many times as long as one that works. */
const NOT_BEGUN_FACTOR = 4;

/** After a longer gap between two checks, nothing is known about the time between them. */
const LOOK_GAP_MAX_MS = 500;

/** Notes when a kernel was last seen working. Times are those of `nowMs`. */
export class WorkWatch {
  readonly #hangTimeoutMs: number;
  readonly #lookGapMs: number;
  #lookedMs = 0;
  #stillSinceMs = 0;
  #workSeen = -1;
  /** A share of the time that the kernel might work before, and until when a rest of then may last. */
  #formerShare = 1;
  #formerUntilMs = -Infinity;

  /** @param hangTimeoutMs how long a kernel that does not rest may be still */
  constructor(hangTimeoutMs: number) {
    this.#hangTimeoutMs = hangTimeoutMs;
    // A process that was stopped for the length of a hang, as a computer that slept, has not seen one.
    this.#lookGapMs = Math.max(2 * ASSERT_INTERVAL_MS, Math.min(hangTimeoutMs / 2, LOOK_GAP_MAX_MS));
  }

  /** Whether a check is due. If so, it counts as done. */
  isDue(now: number): boolean {
    if (now - this.#lookedMs < ASSERT_INTERVAL_MS) return false;
    if (now - this.#lookedMs > this.#lookGapMs) this.#stillSinceMs = now;
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

  /**
   * How long the kernel may be still. After work for as long as a hang may look, one that rests may rest for so many
   * times that. One that has not begun may wait for others on the device. That is no request's fault, and takes
   * patience.
   * @param share the share of the time that the kernel may work now
   */
  limitMs(hasBegun: boolean, share: number, now: number): number {
    const least = now < this.#formerUntilMs ? Math.min(share, this.#formerShare) : share;
    return (this.#hangTimeoutMs * (hasBegun ? 1 : NOT_BEGUN_FACTOR)) / least;
  }

  /** The share changes now: a rest that has begun lasts as long as the former share says. */
  changeShare(former: number, now: number): void {
    this.#formerShare = now < this.#formerUntilMs ? Math.min(former, this.#formerShare) : former;
    // Work that is under way may last, and then be rested from; and it is a while until work after that is seen.
    const untilMs = now + this.#hangTimeoutMs * (1 + 1 / former);
    this.#formerUntilMs = Math.max(this.#formerUntilMs, untilMs);
  }

  /** Forgets earlier observations, because they say nothing about a new launch. */
  begin(): void {
    this.#lookedMs = 0;
    this.#workSeen = -1;
  }
}

/** A number that changes whenever something is done. */
export function workDone(
  { heartbeat }: Pick<ResidentLoop, "heartbeat">,
  { answered }: { readonly answered: number },
): number {
  return heartbeat === undefined ? answered : answered + heartbeat.busyTicks + heartbeat.requests;
}
