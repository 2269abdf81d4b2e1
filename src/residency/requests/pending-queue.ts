/**
 * The host's queue of requests before the work queue, and everything that may end a request before its answer.
 *
 *        call ──▶ ┌ urgent  ○ ○          ┐ ──▶ published ──▶ settled
 *                 └ normal  ○ ○ ○ ○ ○    ┘        (in a slot; the journal has its words)
 *                   │ timeout: EW_TIMEOUT, never performed       │ timeout: the caller is told; it is still performed
 *                   │ signal: EW_ABORTED, never performed        │ signal: ignored
 *
 * Invariants:
 * - Urgent requests come before normal ones. Within a priority, requests are in the order of their calls.
 * - A request is in at most one list. `waitingCount` counts both priorities.
 * - A request that returned from a lost device leaves only by being published, or together with all others. The kernel
 *   may have begun it. The kernel's progress then applies to the next request that is published.
 * - A request listens to its signal only while it waits. Its deadline is watched until it is settled. There is a timer
 *   only while there is a deadline.
 *
 * Each priority is a linked list through the requests themselves, so a request can be removed from any position at
 * once.
 */
import { duration, EverwarpError, hearAbort } from "../../base/index.ts";
import type { Priority } from "../queue/index.ts";
import type { CallOptions } from "./call-options.ts";
import { Deadlines } from "./deadlines.ts";
import { PendingRequest } from "./pending-request.ts";

const PRIORITIES = [0, 1] as const;

interface List<Answer> {
  first: PendingRequest<Answer> | undefined;
  last: PendingRequest<Answer> | undefined;
  count: number;
}

/** Requests that wait for a slot. See the head of this file. */
export class PendingQueue<Answer> {
  /** Maximum number of waiting requests, in both priorities together. */
  readonly limit: number;
  /** Counts of requests that ended in this queue. */
  readonly counters = { timedOut: 0, aborted: 0 };
  readonly #lists: readonly [List<Answer>, List<Answer>] = [emptyList(), emptyList()];
  readonly #deadlines = new Deadlines<PendingRequest<Answer>>((request) => this.#expire(request));
  readonly #waiters: (() => void)[] = [];

  /** @param limit number of waiting requests at which `isFull` becomes true; at least 1 */
  constructor(limit: number) {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `a queue of ${limit} requests`, {
        remedy: "Give a positive integer.",
      });
    }
    this.limit = limit;
  }

  get waitingCount(): number {
    return this.#lists[0].count + this.#lists[1].count;
  }

  get isFull(): boolean {
    return this.waitingCount >= this.limit;
  }

  /** Number of watched deadlines, of waiting and published requests. */
  get deadlineCount(): number {
    return this.#deadlines.size;
  }

  isEmpty(priority: Priority): boolean {
    return this.#lists[priority].count === 0;
  }

  /**
   * Watches a request's deadline and signal. Call it once, before the request waits or is published.
   * @returns false if the signal was already aborted: the request is settled
   * @throws EW_BAD_ARGUMENT for a deadline that is not a number, or below 0
   */
  watch(request: PendingRequest<Answer>, options: CallOptions): boolean {
    const { timeoutMs, signal } = options;
    if (timeoutMs !== undefined) duration("timeoutMs", timeoutMs);
    if (signal?.aborted === true) {
      this.#abort(request, signal);
      return false;
    }
    if (signal !== undefined) {
      request.stopListening = hearAbort(signal, () => {
        this.remove(request);
        this.#abort(request, signal);
      });
    }
    if (timeoutMs !== undefined && timeoutMs !== Infinity) {
      request.deadlineAtMs = request.submittedAtMs + timeoutMs;
      this.#deadlines.add(request);
    }
    return true;
  }

  /** Adds a request behind all others of its priority. A full queue accepts it too, so check `isFull` first. */
  push(request: PendingRequest<Answer>): void {
    this.#link(request, this.#lists[request.priority].last);
  }

  /**
   * Adds requests that were published and returned unanswered. They come before all others of their priorities, in the
   * given order.
   */
  putBack(requests: readonly PendingRequest<Answer>[]): void {
    for (const request of requests.toReversed()) {
      const wasSettled = request.phase === "settled";
      this.#link(request, undefined);
      if (wasSettled) request.phase = "settled";
    }
  }

  /** The next request of a priority. */
  peek(priority: Priority): PendingRequest<Answer> | undefined {
    return this.#lists[priority].first;
  }

  /** Removes a request because it is being published. Its signal is ignored from now on. */
  take(request: PendingRequest<Answer>): void {
    this.#unlink(request);
    this.published(request);
  }

  /** Notes that a request was published, whether it ever waited or not. */
  published(request: PendingRequest<Answer>): void {
    this.#stopListening(request);
    if (request.phase !== "settled") request.phase = "published";
  }

  /** Removes a request if it is waiting. It is not performed. */
  remove(request: PendingRequest<Answer>): void {
    if (request.phase === "waiting") this.#unlink(request);
  }

  /** Drops the deadline and the signal of a request whose caller was answered. */
  settled(request: PendingRequest<Answer>): void {
    request.phase = "settled";
    if (request.heapIndex >= 0) this.#deadlines.remove(request);
    this.#stopListening(request);
  }

  /** Fails all waiting requests. */
  failAll(error: EverwarpError): void {
    for (const priority of PRIORITIES) {
      for (let request = this.peek(priority); request !== undefined; request = this.peek(priority)) {
        this.#unlink(request);
        this.settled(request);
        request.reject?.(error);
      }
    }
  }

  /** Resolves when the queue is not full. Callers are told in the order of their calls. The place is not reserved. */
  ready(): Promise<void> {
    if (!this.isFull && this.#waiters.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  #link(request: PendingRequest<Answer>, after: PendingRequest<Answer> | undefined): void {
    const list = this.#lists[request.priority];
    const before = after === undefined ? list.first : after.next;
    request.previous = after;
    request.next = before;
    if (after === undefined) list.first = request;
    else after.next = request;
    if (before === undefined) list.last = request;
    else before.previous = request;
    list.count++;
    request.phase = "waiting";
  }

  #unlink(request: PendingRequest<Answer>): void {
    const list = this.#lists[request.priority];
    const { previous, next } = request;
    if (previous === undefined) list.first = next;
    else previous.next = next;
    if (next === undefined) list.last = previous;
    else next.previous = previous;
    request.previous = undefined;
    request.next = undefined;
    list.count--;
    for (let free = this.limit - this.waitingCount; free > 0 && this.#waiters.length > 0; free--)
      this.#waiters.shift()?.();
  }

  #stopListening(request: PendingRequest<Answer>): void {
    request.stopListening?.();
    request.stopListening = undefined;
  }

  #abort(request: PendingRequest<Answer>, signal: AbortSignal): void {
    this.counters.aborted++;
    this.settled(request);
    request.reject?.(
      new EverwarpError(
        "EW_ABORTED",
        "the caller aborted the request before the kernel got it. The kernel does not perform it",
        {
          cause: signal.reason,
        },
      ),
    );
  }

  #expire(request: PendingRequest<Answer>): void {
    this.counters.timedOut++;
    const afterMs = Math.round(request.deadlineAtMs - request.submittedAtMs);
    const wasWaiting = request.phase === "waiting" && !request.isSuspect;
    if (wasWaiting) this.#unlink(request);
    this.settled(request);
    request.reject?.(
      new EverwarpError(
        "EW_TIMEOUT",
        wasWaiting
          ? `no slot was free for the request within its ${afterMs} ms. The kernel never performs this request`
          : `the kernel got the request, and did not answer it within its ${afterMs} ms. ` +
              "The kernel still performs the request. Its answer is dropped",
        {
          remedy: wasWaiting
            ? 'Send fewer requests at a time, or give it the priority "urgent".'
            : "Allow more time. Send the request again only if the kernel may perform it twice.",
        },
      ),
    );
  }
}

function emptyList<Answer>(): List<Answer> {
  return { first: undefined, last: undefined, count: 0 };
}
