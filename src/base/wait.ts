/**
 * How all of everwarp waits for answers that may come within microseconds.
 *
 *     spin ──SPIN_MS──▶ turns of the event loop ──EAGER_MS──▶ sleeps that grow ──STALL_MS──▶ given up
 *
 * These times are defined here, and nowhere else.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";

/** Looks at mapped memory between two looks at the clock: the clock takes longer than a look. */
export const SPINS_PER_CLOCK = 64;
/** How long a caller spins for an answer: less than the event loop needs to come back. */
export const SPIN_MS = 0.1;
/** How long work on the main thread lasts before the event loop has its turn. */
export const SLICE_MS = 8;
/** How long a wait looks at every turn of the event loop after the last answer. */
export const EAGER_MS = 20;
/** How long a wait sleeps between two looks after that, the first time. */
const SLEEP_MS_MIN = 1;
/** How long it sleeps at most. */
const SLEEP_MS_MAX = 4;
/** How often a wait asks the driver whether the kernel still runs. */
export const ASSERT_INTERVAL_MS = 20;
/** A kernel that answers nothing for this long, with requests before it, never will. */
export const STALL_MS = 60_000;

/** The pauses of one wait. */
export class WaitPace {
  #progressMs: number;
  #sleepMs = SLEEP_MS_MIN;

  /** @param nowMs when the wait begins, in milliseconds of the process clock */
  constructor(nowMs: number) {
    this.#progressMs = nowMs;
  }

  /** How long nothing has been answered, in milliseconds. */
  silenceMs(nowMs: number): number {
    return nowMs - this.#progressMs;
  }

  /** Something was answered: the next pauses are short. */
  progress(nowMs: number): void {
    this.#progressMs = nowMs;
    this.#sleepMs = SLEEP_MS_MIN;
  }

  /** Resolves when it is time for the next look. */
  pause(nowMs: number): Promise<void> {
    if (nowMs - this.#progressMs < EAGER_MS) return turn();
    const sleepMs = this.#sleepMs;
    this.#sleepMs = Math.min(sleepMs + SLEEP_MS_MIN, SLEEP_MS_MAX);
    return sleep(sleepMs);
  }
}
