/** Waits of a loop through which the event loop goes on. */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { ASSERT_INTERVAL_MS, EAGER_MS } from "../../base/index.ts";
import type { Ticket } from "../queue/index.ts";
import { waitTimeoutError } from "./loop-errors.ts";

/** What a wait needs of a loop. */
export interface WaitedLoop {
  readonly inFlightCount: number;
  check(ticket: Ticket): boolean;
  poll(): number;
  assertRunning(): void;
}

/** Resolves when the request is answered, or has failed. @throws EW_TIMEOUT when `timeoutMs` passed first */
export async function waitForAnswer(loop: WaitedLoop, ticket: Ticket, timeoutMs: number): Promise<void> {
  const begin = performance.now();
  let asserted = begin;
  for (let now = begin; !loop.check(ticket); now = performance.now()) {
    if (now - begin > timeoutMs) throw waitTimeoutError(ticket.sequence, timeoutMs);
    loop.poll();
    if (now - asserted > ASSERT_INTERVAL_MS) {
      asserted = now;
      loop.assertRunning();
    }
    await (now - begin < EAGER_MS ? turn() : sleep(1));
  }
}

/** Resolves when nothing is in flight any more, or `timeoutMs` passed first. */
export async function waitForAll(loop: WaitedLoop, timeoutMs: number): Promise<void> {
  const begin = performance.now();
  let asserted = begin;
  for (let now = begin; loop.inFlightCount > 0 && now - begin < timeoutMs; now = performance.now()) {
    loop.poll();
    if (now - asserted > ASSERT_INTERVAL_MS) {
      asserted = now;
      loop.assertRunning();
    }
    await turn();
  }
}
