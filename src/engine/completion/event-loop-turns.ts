/**
 * Lets the event loop turn. An answer that is there at once settles its promise without a turn of the loop. A program
 * that asks again and again would then starve timers, sockets and other callers.
 *
 *     first answer of a turn ──▶ notes the time, and asks for a call when the loop turns; the call forgets the time
 *     a later answer         ──▶ waits for the turn if it is overdue
 */
import { setImmediate as turn } from "node:timers/promises";
import { nowMs, SLICE_MS } from "../../base/index.ts";

/** Tells when answers have kept the event loop for too long. */
export class EventLoopTurns {
  #sinceMs: number | undefined;
  readonly #turned = (): void => {
    this.#sinceMs = undefined;
  };

  /** Call it before an answer. @returns what to wait for; undefined if the loop turned within the last `SLICE_MS` */
  overdue(): Promise<void> | undefined {
    if (this.#sinceMs !== undefined) return nowMs() - this.#sinceMs > SLICE_MS ? turn() : undefined;
    this.#sinceMs = nowMs();
    setImmediate(this.#turned);
    return undefined;
  }
}
