/** Performs requests of the journal again, and drops their answers. */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { ASSERT_INTERVAL_MS, EverwarpError, nowMs } from "../../base/index.ts";
import type { ReplayEntry } from "../checkpoint/index.ts";
import type { ResidentLoop } from "../launch/index.ts";
import type { Priority, Ticket } from "../queue/index.ts";
import { reasonOf } from "./loss-reasons.ts";

const EAGER_MS = 2;

/**
 * Performs the entries in order, on a loop with no request in flight.
 * @param hangTimeoutMs how long the kernel may answer nothing
 * @param assertWanted throws if the replay is no longer wanted
 * @throws EW_DEVICE_LOST, EW_LOOP_LIMIT if the loop was lost or hangs; errors of `assertWanted`
 */
export async function replayAll(
  loop: ResidentLoop,
  entries: readonly ReplayEntry[],
  hangTimeoutMs: number,
  assertWanted: () => void,
): Promise<void> {
  const replay = new Replay(loop, hangTimeoutMs, assertWanted);
  for (const entry of entries) await replay.publish(entry);
  await replay.finish();
}

/** Requests that are being performed again. */
class Replay {
  readonly #loop: ResidentLoop;
  readonly #hangTimeoutMs: number;
  readonly #assertWanted: () => void;
  readonly #inFlight: Ticket[] = [];
  #priority: Priority | undefined;
  #progressMs = nowMs();
  #assertedMs = this.#progressMs;

  constructor(loop: ResidentLoop, hangTimeoutMs: number, assertWanted: () => void) {
    this.#loop = loop;
    this.#hangTimeoutMs = hangTimeoutMs;
    this.#assertWanted = assertWanted;
  }

  async publish({ priority, words }: ReplayEntry): Promise<void> {
    // Wait before changing the priority: requests of different priorities could overtake each other.
    while (priority !== this.#priority ? this.#inFlight.length > 0 : this.#loop.freeSlots(priority) === 0)
      await this.#step();
    this.#priority = priority;
    this.#inFlight.push(this.#loop.submit(words, words.length, priority));
  }

  async finish(): Promise<void> {
    while (this.#inFlight.length > 0) await this.#step();
  }

  async #step(): Promise<void> {
    this.#assertWanted();
    const loop = this.#loop;
    loop.poll();
    const now = nowMs();
    if (this.#retire() > 0) this.#progressMs = now;
    if (now - this.#assertedMs > ASSERT_INTERVAL_MS) {
      this.#assertedMs = now;
      loop.assertRunning();
    }
    if (loop.state === "lost") throw reasonOf(loop);
    if (now - this.#progressMs > this.#hangTimeoutMs) {
      const what = `a replayed request was not answered within ${this.#hangTimeoutMs} ms`;
      throw new EverwarpError("EW_DEVICE_LOST", what);
    }
    await (now - this.#progressMs < EAGER_MS ? turn() : sleep(1));
  }

  /** Removes answered requests, the oldest first. Returns how many. */
  #retire(): number {
    const inFlight = this.#inFlight;
    let count = 0;
    while (count < inFlight.length && inFlight[count].isDone && inFlight[count].failure === undefined)
      count++;
    inFlight.splice(0, count);
    return count;
  }
}
