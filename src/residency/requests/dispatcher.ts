/**
 * Passes requests to the kernel, and answers to their callers.
 *
 *     accept ──▶ pending (pending-queue.ts) ──publish──▶ slots of the work queue ──collect──▶ caller
 *          └── a slot is free and nothing is pending ────▲   │
 *                                                        │   └ journal: words in flight, and answered requests
 *     a loss: takeBack makes the requests in flight pending again, to be published first and one at a time
 *
 * Invariants:
 * - A request is pending, in flight, or settled. Each caller is answered once.
 * - Requests of a priority are published in the order of their calls, and answered in that order.
 * - The journal's requests in flight are the requests in `#inFlight`, in the same order.
 * - While there is no loop (a checkpoint, a recovery), nothing is published, and requests are pending.
 *
 * A request without options allocates its promise, its `PendingRequest` and its ticket, and nothing else: no closure,
 * no timer, no listener.
 */
import { nowMs, EverwarpError } from "../../base/index.ts";
import { Journal, type JournalOptions } from "../checkpoint/index.ts";
import { TimeHistogram } from "../launch/index.ts";
import type { Priority, Ticket } from "../queue/index.ts";
import { PendingQueue } from "./pending-queue.ts";
import type { PendingRequest } from "./pending-request.ts";
import type { Outcome, RequestTrace } from "./request-trace.ts";

const URGENT_FIRST = [1, 0] as const;

/** The parts of a `ResidentLoop` that the dispatcher needs. */
export interface DispatcherLoop {
  submit(words: Uint32Array, wordCount: number, priority: number): Ticket;
  poll(): number;
  freeSlots(priority: number): number;
}

/** Publishes requests and delivers answers. See the head of this file. */
export class Dispatcher<Answer> {
  readonly pending: PendingQueue<Answer>;
  readonly journal: Journal;
  readonly roundTrips = new TimeHistogram();
  readonly counters = { requests: 0, answered: 0, failed: 0, waits: 0, poisoned: 0 };
  /** Called if a loss is noticed while a request is published or answers are collected. */
  onLoss: (reason: EverwarpError) => void = () => {};
  readonly #decode: (words: Uint32Array) => Answer;
  readonly #trace: RequestTrace;
  readonly #inFlight: readonly [InFlight<Answer>, InFlight<Answer>];
  #loop: DispatcherLoop | undefined;
  #isCautious = false;

  constructor(options: {
    /** Decodes an answer from a completion's content. @throws EW_KERNEL_FAULT if the kernel called fail() */
    decode: (words: Uint32Array) => Answer;
    maxInFlight: number;
    maxPending: number;
    journal: Omit<JournalOptions, "maxInFlight">;
    trace: RequestTrace;
  }) {
    const { maxInFlight } = options;
    this.pending = new PendingQueue(options.maxPending);
    this.journal = new Journal({ ...options.journal, maxInFlight });
    this.#decode = options.decode;
    this.#trace = options.trace;
    this.#inFlight = [new InFlight(maxInFlight), new InFlight(maxInFlight)];
  }

  /** The loop for new requests; undefined while there is none. */
  get loop(): DispatcherLoop | undefined {
    return this.#loop;
  }

  get inFlightCount(): number {
    return this.#inFlight[0].count + this.#inFlight[1].count;
  }

  /** Whether any request is pending or in flight. */
  get isBusy(): boolean {
    return this.inFlightCount > 0 || this.pending.waitingCount > 0;
  }

  /** Whether a request of a priority would be published at once. */
  hasFreeSlot(priority: Priority): boolean {
    return (
      this.#loop !== undefined &&
      !this.#isCautious &&
      this.pending.isEmpty(priority) &&
      this.journal.hasRoom &&
      this.#loop.freeSlots(priority) > 0
    );
  }

  /** Publishes requests to `loop` from now on. The loop must have none in flight. */
  attach(loop: DispatcherLoop): void {
    this.#loop = loop;
    this.publish();
  }

  /** Lets requests wait from now on. Requests in flight stay in flight. */
  detach(): void {
    this.#loop = undefined;
  }

  /** Accepts a request: publishes it, or lets it wait. The words may be reused at once. */
  accept(request: PendingRequest<Answer>, words: Uint32Array, wordCount: number): void {
    this.counters.requests++;
    if (this.hasFreeSlot(request.priority)) {
      if (this.#submit(request, words, wordCount)) {
        this.pending.published(request);
        return;
      }
    } else {
      this.counters.waits++;
    }
    request.words = words.slice(0, wordCount);
    this.pending.push(request);
    // With nothing in flight, no answer will trigger the next publish.
    if (this.#isCautious) this.publish();
  }

  /** Publishes waiting requests, as far as there are free slots. */
  publish(): void {
    if (this.#loop === undefined || this.pending.waitingCount === 0) return;
    if (this.#isCautious && !this.#publishCautiously()) return;
    for (const priority of URGENT_FIRST) {
      for (
        let request = this.pending.peek(priority);
        request !== undefined;
        request = this.pending.peek(priority)
      ) {
        if (this.#loop === undefined || this.#loop.freeSlots(priority) === 0 || !this.journal.hasRoom) break;
        if (!this.#publishFirst(request)) return;
      }
    }
  }

  /**
   * Delivers answers to their callers, and publishes requests that waited for the slots. Returns the number of answers.
   */
  collect(): number {
    let answered = 0;
    let now = 0;
    let loss: EverwarpError | undefined;
    for (const priority of URGENT_FIRST) {
      const queue = this.#inFlight[priority];
      while (queue.count > 0) {
        const ticket = queue.firstTicket;
        if (!ticket.isDone) break;
        if (ticket.failure !== undefined) {
          loss = ticket.failure;
          break;
        }
        if (answered++ === 0) now = nowMs();
        const request = queue.shift();
        this.journal.answered(priority, ticket.ordinal);
        this.#answer(request, ticket, now);
      }
    }
    if (loss !== undefined) this.onLoss(loss);
    else if (answered > 0) this.publish();
    return answered;
  }

  /**
   * Handles a loss: the requests in flight become pending again, before all others, to be published one at a time.
   * Collect existing answers first.
   * @param isGivenUp decides for each request whether to give it up; it gets the request's index among the unanswered
   * requests of its priority since the checkpoint
   * @returns how many requests were taken back
   */
  takeBack(
    isGivenUp: (request: PendingRequest<Answer>, priority: Priority, index: number) => boolean,
  ): number {
    const taken: PendingRequest<Answer>[] = [];
    for (const priority of [0, 1] as const) {
      const words = this.journal.inFlight(priority);
      const queue = this.#inFlight[priority];
      let index = this.journal.answeredCount(priority);
      for (const payload of words) {
        const request = queue.shift();
        request.words = payload;
        request.isSuspect = true;
        if (isGivenUp(request, priority, index)) continue;
        taken.push(request);
        index++;
      }
    }
    this.journal.withdrawInFlight();
    this.pending.putBack(taken);
    this.#isCautious ||= taken.length > 0;
    return taken.length;
  }

  /** Fails a request without an answer of the kernel. */
  fail(request: PendingRequest<Answer>, error: EverwarpError, outcome: Outcome): void {
    if (request.phase === "settled") return;
    this.pending.settled(request);
    this.#note(request, undefined, outcome, nowMs());
    request.reject?.(error);
  }

  /** Fails all pending requests and all requests in flight. */
  failAll(error: EverwarpError): void {
    this.takeBack((request) => {
      this.fail(request, error, "closed");
      return true;
    });
    this.#isCautious = false;
    this.pending.failAll(error);
  }

  /**
   * Publishes the next suspect if nothing is in flight. Returns true if no suspect is left and nothing is in flight.
   */
  #publishCautiously(): boolean {
    if (this.inFlightCount > 0) return false;
    for (const priority of URGENT_FIRST) {
      const request = this.pending.peek(priority);
      if (request === undefined || !request.isSuspect) continue;
      if (this.journal.hasRoom) this.#publishFirst(request);
      return false;
    }
    this.#isCautious = false;
    return true;
  }

  #publishFirst(request: PendingRequest<Answer>): boolean {
    const words = request.words as Uint32Array;
    if (!this.#submit(request, words, words.length)) return false;
    this.pending.take(request);
    request.words = undefined;
    return true;
  }

  /** Returns false if the loop turned out to be lost. The request is then not in flight. */
  #submit(request: PendingRequest<Answer>, words: Uint32Array, wordCount: number): boolean {
    const { priority } = request;
    let ticket: Ticket;
    try {
      ticket = (this.#loop as DispatcherLoop).submit(words, wordCount, priority);
    } catch (error) {
      if (!(error instanceof EverwarpError)) throw error;
      this.#loop = undefined;
      this.onLoss(error);
      return false;
    }
    this.journal.published(priority, words, wordCount);
    this.#inFlight[priority].push(request, ticket);
    request.publishedAtMs = nowMs();
    return true;
  }

  #answer(request: PendingRequest<Answer>, ticket: Ticket, now: number): void {
    this.counters.answered++;
    if (request.phase === "settled") return; // its caller got a timeout; the request was still performed
    this.pending.settled(request);
    this.roundTrips.add(now - request.submittedAtMs);
    let answer: Answer;
    try {
      answer = this.#answerOf(ticket);
    } catch (error) {
      if (!(error instanceof EverwarpError)) throw error;
      this.counters.failed++;
      this.#note(request, ticket, "failed", now);
      request.reject?.(error);
      return;
    }
    if (this.#trace.capacity !== 0) this.#note(request, ticket, "answered", now);
    request.resolve?.(answer);
  }

  #answerOf(ticket: Ticket): Answer {
    // A missing answer shows in the status.
    if (ticket.result > 1 || ticket.words === undefined) {
      throw new EverwarpError("EW_KERNEL_FAULT", `the kernel answered a request ${ticket.result} times`, {
        remedy: "Exactly one thread of all workgroups must call respond() or fail().",
      });
    }
    return this.#decode(ticket.words);
  }

  #note(request: PendingRequest<Answer>, ticket: Ticket | undefined, outcome: Outcome, now: number): void {
    this.#trace.request(
      request.priority,
      ticket?.sequence ?? 0,
      ticket?.ordinal ?? 0,
      outcome,
      request.submittedAtMs,
      request.publishedAtMs,
      now,
    );
  }
}

/** Requests in slots, with their tickets, first in, first out. */
class InFlight<Answer> {
  count = 0;
  readonly #requests: (PendingRequest<Answer> | undefined)[];
  readonly #tickets: (Ticket | undefined)[];
  #first = 0;

  /** @param capacity a power of two */
  constructor(capacity: number) {
    this.#requests = Array.from<undefined>({ length: capacity });
    this.#tickets = Array.from<undefined>({ length: capacity });
  }

  /** The oldest ticket. Requires at least one request. */
  get firstTicket(): Ticket {
    return this.#tickets[this.#first] as Ticket;
  }

  push(request: PendingRequest<Answer>, ticket: Ticket): void {
    const at = (this.#first + this.count) & (this.#requests.length - 1);
    this.#requests[at] = request;
    this.#tickets[at] = ticket;
    this.count++;
  }

  shift(): PendingRequest<Answer> {
    const request = this.#requests[this.#first] as PendingRequest<Answer>;
    this.#requests[this.#first] = undefined;
    this.#tickets[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#requests.length - 1);
    this.count--;
    return request;
  }
}
