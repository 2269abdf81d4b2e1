/**
 * Gives the event loop its turns. An immediate answer settles its promise without a turn of the loop. A program that
 * repeats such calls would starve timers, sockets and other callers.
 *
 *     first answer of a turn ──▶ notes the time, and schedules a call for the next turn; that call clears the time
 *     a later answer         ──▶ waits for the next turn if it is overdue
 *
 * All callers that wait for a turn continue together, in the order of their calls. If each waited separately, the first
 * one to continue could use up the next slice before the second one had its turn. Lookups beside many changes then took
 * 10 ms each.
 */
import { nowMs, SLICE_MS } from "../../base/index.ts";

/** Tells when answers have blocked the event loop for too long. */
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

  /** Call this before an answer. @returns what to wait for; undefined if the loop turned within the last `SLICE_MS` */
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
