/** One plan of a device in flight. */
import { EverwarpError } from "../../base/index.ts";
import { type BackendTicket, countedHits, type RawHits } from "../backend/index.ts";
import type { DeviceQuery } from "./device-query.ts";
import { DeviceHits } from "./hit-records.ts";
import type { ScanQueue } from "./scan-queue.ts";

/** See `BackendTicket`. Made by `DeviceBackend.submit`. */
export class DeviceTicket implements BackendTicket {
  readonly #queue: ScanQueue;
  readonly #query: DeviceQuery;
  #hits: RawHits | undefined;

  constructor(queue: ScanQueue, query: DeviceQuery) {
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
      const { corpus, literals, counted } = this.#query;
      this.#hits =
        counted === undefined
          ? new DeviceHits(this.#query.batch(), corpus.map, literals)
          : countedHits(counted, false);
    }
    return this.#hits;
  }

  cancel(): void {
    if (!this.#query.isEnded) this.#queue.cancel(this.#query);
  }
}
