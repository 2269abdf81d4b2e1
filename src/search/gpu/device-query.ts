/** A query on the device: it ends when all of its requests are done, when one fails, or when nobody wants it. */
import { Deferred } from "../../engine/index.ts";
import type { RawHits } from "../backend/index.ts";
import type { DeviceCorpus } from "./device-corpus.ts";
import type { DeviceRequest, RequestOwner } from "./device-request.ts";

let queryCount = 0;

/** The number of a new query: later ones have higher numbers. */
export const nextQueryNumber = (): number => queryCount++;

/** See the head of this file. */
export abstract class DeviceQuery extends Deferred implements RequestOwner {
  readonly number = nextQueryNumber();
  readonly corpus: DeviceCorpus;
  isTruncated = false;
  isCancelled = false;
  #requests: readonly DeviceRequest[] = [];
  #requestsLeft = 0;

  constructor(corpus: DeviceCorpus) {
    super();
    this.corpus = corpus;
  }

  get requests(): readonly DeviceRequest[] {
    return this.#requests;
  }

  /** A request that is not done, one in flight if there is one. */
  pendingRequest(): DeviceRequest | undefined {
    return (
      this.#requests.find((request) => request.ticket !== undefined) ??
      this.#requests.find((request) => !request.isDone)
    );
  }

  requestDone(): void {
    if (--this.#requestsLeft === 0) this.end();
  }

  /** Nobody wants the answer any more. */
  cancel(): void {
    this.isCancelled = true;
    this.end();
  }

  /** The answer, when all requests are done. */
  abstract hits(): RawHits;

  /** What the kernel is asked; without anything the query has ended. */
  protected ask(requests: readonly DeviceRequest[]): void {
    this.#requests = requests;
    this.#requestsLeft = requests.length;
    if (requests.length === 0) this.end();
  }
}
