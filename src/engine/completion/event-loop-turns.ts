/**
 * Lets the event loop turn. An answer that is there at once settles its promise without a turn of the loop. A program
 * that asks again and again would then starve timers, sockets and other callers.
 *
 *     first answer of a turn ──▶ notes the time, and asks for a call when the loop turns; the call forgets the time
 *     a later answer         ──▶ waits for the turn if it is overdue
 *
 * All who wait for a turn go on together, in the order in which they came. If each waited by itself, the first to go on
 * could use up the next slice before the second had its turn: lookups beside many changes then took 10 ms each.
 */
import { nowMs, SLICE_MS } from "../../base/index.ts";

/** Tells when answers have kept the event loop for too long. */
export class EventLoopTurns {
  #sinceMs: number | undefined;
  #turn: Promise<void> | undefined;
  #endTurn: (() => void) | undefined;
  readonly #turned = (): void => {
    this.#sinceMs = undefined;
    this.#turn = undefined;
    this.#endTurn?.();
    this.#endTurn = undefined;
  };

  /** Call it before an answer. @returns what to wait for; undefined if the loop turned within the last `SLICE_MS` */
  overdue(): Promise<void> | undefined {
    if (this.#sinceMs !== undefined) return nowMs() - this.#sinceMs > SLICE_MS ? this.#nextTurn() : undefined;
    this.#sinceMs = nowMs();
    setImmediate(this.#turned);
    return undefined;
  }

  #nextTurn(): Promise<void> {
    return (this.#turn ??= new Promise((resolve) => (this.#endTurn = resolve)));
  }
}
