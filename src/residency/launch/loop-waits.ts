/** Waits of a loop that do not block the event loop. */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { ASSERT_INTERVAL_MS, EAGER_MS } from "../../base/index.ts";
import type { Ticket } from "../queue/index.ts";
import { waitTimeoutError } from "./loop-errors.ts";

/** The part of a loop that waiting needs. */
export interface WaitedLoop {
  readonly inFlightCount: number;
  check(ticket: Ticket): boolean;
  poll(): number;
  assertRunning(): void;
}

/** Resolves when the request is answered or has failed. @throws EW_TIMEOUT if `timeoutMs` passes first */
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

/** Resolves when no request is in flight, or after `timeoutMs`. */
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
