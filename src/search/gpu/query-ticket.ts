/** A query of a device in flight: all that its ticket does before the answer is taken. */
import { EverwarpError } from "../../base/index.ts";
import type { Deferred } from "../../engine/index.ts";

/** What a ticket needs of its queue. */
export interface TicketQueue<Query> {
  /** Lets everything that can go on go on. Never blocks. */
  advance(): void;
  /** Blocks until the query has ended. @returns false when the time was over first */
  waitSync(query: Query, timeoutMs: number): boolean;
  /** Resolves when the query has ended. */
  wait(query: Query): Promise<void>;
  /** Nobody wants the answer any more. */
  cancel(query: Query): void;
}

/** See the head of this file. */
export abstract class QueryTicket<Query extends Deferred> {
  protected readonly query: Query;
  readonly #queue: TicketQueue<Query>;

  constructor(queue: TicketQueue<Query>, query: Query) {
    this.#queue = queue;
    this.query = query;
  }

  get done(): boolean {
    if (!this.query.isEnded) this.#queue.advance();
    this.query.assertGood();
    return this.query.isEnded;
  }

  waitSync(timeoutMs: number): boolean {
    const isDone = this.#queue.waitSync(this.query, timeoutMs);
    this.query.assertGood();
    return isDone;
  }

  async wait(): Promise<void> {
    await this.#queue.wait(this.query);
    this.query.assertGood();
  }

  cancel(): void {
    if (!this.query.isEnded) this.#queue.cancel(this.query);
  }

  /** @throws EW_TIMEOUT before the query has ended, and the error that it ended with */
  protected assertAnswered(): void {
    this.query.assertGood();
    if (this.query.isEnded) return;
    throw new EverwarpError("EW_TIMEOUT", "the query is still in flight", { remedy: "Wait for it first." });
  }
}
