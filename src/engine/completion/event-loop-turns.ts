/**
 * Lets the event loop turn. Answers that are there at once settle their promises without it, so a program that asks again and again would otherwise
 * keep timers, sockets and other callers waiting for ever.
 *
 *   first answer of a turn ──▶ notes the time, and asks to be told when the loop turns        told ──▶ forgets the time
 *   any answer later in it ──▶ waits for the turn when it is overdue
 */
import { setImmediate as turn } from "node:timers/promises";
import { nowMs } from "../../base/index.ts";

/** How long the loop may stand still. */
const OVERDUE_MS = 8;

export class EventLoopTurns {
  #sinceMs: number | undefined;

  /** Call it before answering. @returns what to wait for; undefined where nobody has waited long */
  overdue(): Promise<void> | undefined {
    if (this.#sinceMs !== undefined) return nowMs() - this.#sinceMs > OVERDUE_MS ? turn() : undefined;
    this.#sinceMs = nowMs();
    setImmediate(() => {
      this.#sinceMs = undefined;
    });
    return undefined;
  }
}
