/** A count of lines on the device. */
import { EverwarpError } from "../../base/index.ts";
import { Deferred } from "../../engine/index.ts";
import type { LineCount, LineTicket } from "../backend/index.ts";
import type { PlaneProgram } from "../planes/index.ts";
import type { DeviceCorpus } from "./device-corpus.ts";
import { nextQueryNumber } from "./device-query.ts";
import type { PlaneQueue } from "./plane-queue.ts";

/** See the head of this file. */
export class PlaneQuery extends Deferred {
  readonly number = nextQueryNumber();
  readonly corpus: DeviceCorpus;
  readonly program: PlaneProgram;
  answer: LineCount | undefined;
  /** It waits for its launch, or was launched. */
  isQueued = false;

  constructor(corpus: DeviceCorpus, program: PlaneProgram) {
    super();
    this.corpus = corpus;
    this.program = program;
  }

  endWith(answer: LineCount): void {
    this.answer = answer;
    this.end();
  }
}

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
