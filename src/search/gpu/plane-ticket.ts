/** A count of lines in flight. */
import { EverwarpError } from "../../base/index.ts";
import type { LineCount, LineTicket } from "../backend/index.ts";
import type { PlaneQuery } from "./plane-query.ts";
import type { PlaneQueue } from "./plane-queue.ts";

/** See `LineTicket`. */
export class PlaneTicket implements LineTicket {
  readonly #queue: PlaneQueue;
  readonly #query: PlaneQuery;

  constructor(queue: PlaneQueue, query: PlaneQuery) {
    this.#queue = queue;
    this.#query = query;
  }

  waitSync(timeoutMs: number): boolean {
    const isDone = this.#queue.waitSync(this.#query, timeoutMs);
    this.#query.assertGood();
    return isDone;
  }

  async wait(): Promise<void> {
    await this.#queue.wait(this.#query);
    this.#query.assertGood();
  }

  result(): LineCount {
    this.#query.assertGood();
    const { answer } = this.#query;
    if (answer !== undefined) return answer;
    throw new EverwarpError("EW_TIMEOUT", "the count is still in flight", { remedy: "Wait for it first." });
  }

  cancel(): void {
    this.#queue.cancel(this.#query);
  }
}
