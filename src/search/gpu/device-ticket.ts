/** One plan of a device in flight. */
import { EverwarpError } from "../../base/index.ts";
import type { BackendTicket, RawHits } from "../backend/index.ts";
import type { DeviceQuery } from "./device-query.ts";
import type { RequestQueue } from "./request-queue.ts";

/** See `BackendTicket`. Made by `DeviceBackend.submit`. */
export class DeviceTicket implements BackendTicket {
  readonly #queue: RequestQueue;
  readonly #query: DeviceQuery;
  #hits: RawHits | undefined;

  constructor(queue: RequestQueue, query: DeviceQuery) {
    this.#queue = queue;
    this.#query = query;
  }

  get done(): boolean {
    if (!this.#query.isEnded) this.#queue.advance();
    this.#query.assertGood();
    return this.#query.isEnded;
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

  result(): RawHits {
    if (this.#hits === undefined) {
      this.#query.assertGood();
      if (!this.#query.isEnded) {
        throw new EverwarpError("EW_TIMEOUT", "the query is still in flight", {
          remedy: "Wait for it first.",
        });
      }
      this.#hits = this.#query.hits();
    }
    return this.#hits;
  }

  cancel(): void {
    if (!this.#query.isEnded) this.#queue.cancel(this.#query);
  }
}
