/** A program over bit planes in flight: a count of lines, or a plan whose lines are wanted. */
import { EverwarpError } from "../../base/index.ts";
import type { BackendTicket, LineCount, LineTicket, RawHits } from "../backend/index.ts";
import { FoundLines } from "./found-lines.ts";
import type { PlaneAnswer, PlaneQuery } from "./plane-query.ts";
import type { PlaneQueue } from "./plane-queue.ts";

class Ticket {
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

  get done(): boolean {
    if (!this.#query.isEnded) this.#queue.advance();
    this.#query.assertGood();
    return this.#query.isEnded;
  }

  protected get answer(): PlaneAnswer {
    this.#query.assertGood();
    const { answer } = this.#query;
    if (answer !== undefined) return answer;
    throw new EverwarpError("EW_TIMEOUT", "the program is still in flight", { remedy: "Wait for it first." });
  }

  cancel(): void {
    this.#queue.cancel(this.#query);
  }
}

/** See `LineTicket`. */
export class PlaneTicket extends Ticket implements LineTicket {
  result(): LineCount {
    return this.answer;
  }
}

/** See `BackendTicket`. */
export class PlaneHitsTicket extends Ticket implements BackendTicket {
  result(): RawHits {
    const { places, tier } = this.answer;
    return places ?? new FoundLines(undefined, tier);
  }
}
