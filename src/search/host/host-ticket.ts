/** One query of the host's threads in flight. */
import { EverwarpError, nowMs } from "../../base/index.ts";
import { type BackendTicket, countedHits, type RawHits } from "../backend/index.ts";
import type { Literal } from "../contracts.ts";
import type { HostCorpus } from "./host-corpus.ts";
import { HostHits } from "./host-hits.ts";
import type { ThreadAnswer } from "./query-queue.ts";

/** What a ticket needs of its backend. */
export interface TicketOwner {
  /** Is the slot's answer complete? Then it is collected. @throws EW_WORKER_DIED, EW_CLOSED */
  poll(ticket: HostTicket): boolean;
  /** Sleeps until the slot's status may have changed. */
  sleep(ticket: HostTicket, timeoutMs: number): void;
  /** Asks for a message when the slot is done. */
  awaken(ticket: HostTicket): void;
  /** The opposite of `awaken`. */
  rest(): void;
  /** Nobody wants the answer: threads need not look at the rest of the corpus. */
  skip(ticket: HostTicket): void;
}

/** See `BackendTicket`. Made by `HostBackend.submit`. */
export class HostTicket implements BackendTicket {
  readonly corpus: HostCorpus;
  readonly sequence: number;
  readonly slot: number;
  readonly literals: readonly Literal[];
  /** Nobody wants the answer. */
  isCancelled = false;
  /** Answers that came as messages. */
  readonly spilled: ThreadAnswer[] = [];
  spillCount = 0;
  answers: ThreadAnswer[] | undefined;
  /** Hits that were found, where they were only counted. */
  counted: number | undefined;
  readonly #backend: TicketOwner;
  readonly #maxHits: number;
  #error: EverwarpError | undefined;
  #hits: RawHits | undefined;
  #waiters: { resolve: () => void; reject: (error: EverwarpError) => void }[] = [];

  constructor(
    backend: TicketOwner,
    corpus: HostCorpus,
    sequence: number,
    slot: number,
    literals: readonly Literal[],
    maxHits: number,
  ) {
    this.#backend = backend;
    this.corpus = corpus;
    this.sequence = sequence;
    this.slot = slot;
    this.literals = literals;
    this.#maxHits = maxHits;
  }

  get done(): boolean {
    if (this.#error) throw this.#error;
    return this.answers !== undefined || this.#backend.poll(this);
  }

  waitSync(timeoutMs: number): boolean {
    const deadlineMs = nowMs() + timeoutMs;
    while (!this.done) {
      const leftMs = deadlineMs - nowMs();
      if (leftMs <= 0) return false;
      this.#backend.sleep(this, leftMs);
    }
    return true;
  }

  async wait(): Promise<void> {
    if (this.done) return;
    this.#backend.awaken(this);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiters.push({ resolve, reject });
        // It may have been done just before the wish for a message was seen.
        if (this.done) resolve();
      });
    } finally {
      this.#backend.rest();
    }
  }

  result(): RawHits {
    if (!this.done) {
      throw new EverwarpError("EW_TIMEOUT", `query ${this.sequence} has no answer yet`, {
        remedy: "Call wait() or waitSync() first.",
      });
    }
    if (this.counted !== undefined)
      this.#hits ??= countedHits(this.counted, this.#maxHits > 0 && this.counted >= this.#maxHits);
    if (!this.#hits) {
      const answers = this.answers!;
      const count = answers.reduce((sum, { hits, hitWords }) => sum + hits.length / hitWords, 0);
      const truncated = this.#maxHits > 0 && count >= this.#maxHits;
      this.#hits = new HostHits(
        answers,
        this.literals,
        this.corpus.placement,
        () => this.corpus.kernels,
        truncated,
      );
      this.answers = [];
    }
    return this.#hits;
  }

  cancel(): void {
    if (this.answers !== undefined || this.#error !== undefined || this.isCancelled) return;
    this.isCancelled = true;
    this.#backend.skip(this);
  }

  /** For the backend: the answer is here. */
  settle(answers: ThreadAnswer[]): void {
    this.answers = this.isCancelled ? [] : answers;
    for (const { resolve } of this.#waiters) resolve();
    this.#waiters = [];
  }

  /** For the backend: no answer will come. */
  fail(error: EverwarpError): void {
    this.#error = error;
    for (const { reject } of this.#waiters) reject(error);
    this.#waiters = [];
  }
}
