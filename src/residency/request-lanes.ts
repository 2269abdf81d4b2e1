/**
 * The host's line before the work queue, and what may end a request before its answer comes.
 *
 *        call ──▶ ┌ urgent  ○ ○          ┐ ──▶ published ──▶ settled
 *                 └ normal  ○ ○ ○ ○ ○    ┘        (in a slot; the journal has its words)
 *                   │ deadline: EW_DEADLINE_EXCEEDED, never performed      │ deadline: the caller is told; it is still performed
 *                   │ signal: EW_ABORTED, never performed                  │ signal: no longer heard
 *
 * Invariants: urgent before normal, first come first served within a lane; `waitingCount` counts both lanes; a request is in at most one
 * place; one that came back from a lost device leaves by being published or with all others: the kernel may have begun it, and its memory
 * says so of whatever is published next; its listener is on its signal only while it waits, its deadline is watched until it is settled, and there is a timer only while
 * there is a deadline. Lanes are linked lists through the requests themselves, so a request leaves from anywhere at once.
 */
import {
  abortSignal,
  boolean,
  type OptionChecks,
  positiveDuration,
  readOptions,
  EverwarpError,
} from "../base/index.ts";
import { Deadlines, type Expiring } from "./deadlines.ts";

/** 1 is urgent. The number of a lane of the work queue. */
export type Lane = 0 | 1;
const URGENT: Lane = 1;
const LANES = [0, 1] as const;

/** What a caller may ask of a request. */
export interface RequestOptions {
  /** Goes before all that are not. */
  urgent?: boolean;
  /** Milliseconds from the call after which the caller is told EW_DEADLINE_EXCEEDED; more than 0. */
  deadlineMs?: number;
  /** Calls the request off as long as it waits in the line. */
  signal?: AbortSignal;
}

/** A request from the call to its end. `Answer` is what its caller gets. */
export class PendingRequest<Answer> implements Expiring {
  readonly lane: Lane;
  readonly submittedAtMs: number;
  deadlineAtMs = Infinity;
  heapIndex = -1;
  /** `settled`: its caller has an answer or an error; one that was told at its deadline is settled and still performed. */
  phase: "new" | "waiting" | "published" | "settled" = "new";
  publishedAtMs = 0;
  /** Packed words, kept while it waits. */
  words: Uint32Array | undefined;
  /** Losses of the kernel that it may have caused: it was in flight, and the kernel had begun. */
  lossCount = 0;
  /** It was in flight at a loss, and is to be published alone. */
  isSuspect = false;
  /** A loss ends it: it is not to be performed again. */
  isWithdrawn = false;
  /** The first loss that it was in flight at. */
  firstLoss: EverwarpError | undefined;
  resolve: ((answer: Answer) => void) | undefined;
  reject: ((error: EverwarpError) => void) | undefined;
  signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
  previous: PendingRequest<Answer> | undefined;
  next: PendingRequest<Answer> | undefined;

  constructor(lane: Lane, submittedAtMs: number) {
    this.lane = lane;
    this.submittedAtMs = submittedAtMs;
  }
}

interface List<Answer> {
  first: PendingRequest<Answer> | undefined;
  last: PendingRequest<Answer> | undefined;
  count: number;
}

export class RequestLanes<Answer> {
  /** Places in the line, both lanes together. */
  readonly limit: number;
  /** Of all that were ended here. */
  readonly counters = { deadlinesExceeded: 0, aborted: 0 };
  readonly #lists: readonly [List<Answer>, List<Answer>] = [emptyList(), emptyList()];
  readonly #deadlines = new Deadlines<PendingRequest<Answer>>((request) => this.#expire(request));
  readonly #doors: (() => void)[] = [];

  /** @param limit how many may wait before `isFull`; at least 1 */
  constructor(limit: number) {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `a line cannot have ${limit} places`, {
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

  /** Deadlines that are watched, of requests that wait and that are published. */
  get deadlineCount(): number {
    return this.#deadlines.size;
  }

  isEmpty(lane: Lane): boolean {
    return this.#lists[lane].count === 0;
  }

  /**
   * Watches a request's deadline and signal. Call it once, before the request waits or is published.
   * @returns false when the signal was aborted already: the request is settled
   * @throws EW_BAD_ARGUMENT for a deadline that is not a number above 0
   */
  watch(request: PendingRequest<Answer>, options: RequestOptions): boolean {
    const { deadlineMs, signal } = options;
    if (deadlineMs !== undefined) positiveDuration("deadlineMs", deadlineMs);
    if (signal?.aborted === true) {
      this.#abort(request, signal);
      return false;
    }
    if (signal !== undefined) {
      request.signal = signal;
      request.onAbort = () => {
        this.remove(request);
        this.#abort(request, signal);
      };
      signal.addEventListener("abort", request.onAbort, { once: true });
    }
    if (deadlineMs !== undefined && deadlineMs !== Infinity) {
      request.deadlineAtMs = request.submittedAtMs + deadlineMs;
      this.#deadlines.add(request);
    }
    return true;
  }

  /** Puts a request at the end of its lane. It is taken even when the line is full: a caller who minds asks `isFull` first. */
  push(request: PendingRequest<Answer>): void {
    this.#link(request, this.#lists[request.lane].last);
  }

  /** Puts requests that were published, and came back unanswered, before all others of their lanes, in the order given. */
  putBack(requests: readonly PendingRequest<Answer>[]): void {
    for (const request of requests.toReversed()) {
      const wasSettled = request.phase === "settled";
      this.#link(request, undefined);
      if (wasSettled) request.phase = "settled";
    }
  }

  /** The request that comes next in a lane. */
  peek(lane: Lane): PendingRequest<Answer> | undefined {
    return this.#lists[lane].first;
  }

  /** Takes a request out of the line because it is being published: its signal is not heard any more. */
  take(request: PendingRequest<Answer>): void {
    this.#unlink(request);
    this.published(request);
  }

  /** Notes that a request is published, whether or not it ever waited. */
  published(request: PendingRequest<Answer>): void {
    this.#unhear(request);
    if (request.phase !== "settled") request.phase = "published";
  }

  /** Takes a request out of the line, if it is in; it will not be performed. */
  remove(request: PendingRequest<Answer>): void {
    if (request.phase === "waiting") this.#unlink(request);
  }

  /** Forgets the deadline and the signal of a request whose caller has been answered. */
  settled(request: PendingRequest<Answer>): void {
    request.phase = "settled";
    if (request.heapIndex >= 0) this.#deadlines.remove(request);
    this.#unhear(request);
  }

  /** Ends all that wait. */
  failAll(error: EverwarpError): void {
    for (const lane of LANES) {
      for (let request = this.peek(lane); request !== undefined; request = this.peek(lane)) {
        this.#unlink(request);
        this.settled(request);
        request.reject?.(error);
      }
    }
  }

  /** Resolves when the line has room; who asked first is told first. The place is not kept for the asker. */
  room(): Promise<void> {
    if (!this.isFull && this.#doors.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#doors.push(resolve);
    });
  }

  #link(request: PendingRequest<Answer>, after: PendingRequest<Answer> | undefined): void {
    const list = this.#lists[request.lane];
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
    const list = this.#lists[request.lane];
    const { previous, next } = request;
    if (previous === undefined) list.first = next;
    else previous.next = next;
    if (next === undefined) list.last = previous;
    else next.previous = previous;
    request.previous = undefined;
    request.next = undefined;
    list.count--;
    for (let free = this.limit - this.waitingCount; free > 0 && this.#doors.length > 0; free--)
      this.#doors.shift()?.();
  }

  #unhear(request: PendingRequest<Answer>): void {
    if (request.onAbort === undefined) return;
    request.signal?.removeEventListener("abort", request.onAbort);
    request.signal = undefined;
    request.onAbort = undefined;
  }

  #abort(request: PendingRequest<Answer>, signal: AbortSignal): void {
    this.counters.aborted++;
    this.settled(request);
    request.reject?.(
      new EverwarpError(
        "EW_ABORTED",
        "the request was called off before it was taken, and is not performed",
        {
          cause: signal.reason,
        },
      ),
    );
  }

  #expire(request: PendingRequest<Answer>): void {
    this.counters.deadlinesExceeded++;
    const afterMs = Math.round(request.deadlineAtMs - request.submittedAtMs);
    const wasWaiting = request.phase === "waiting" && !request.isSuspect;
    if (wasWaiting) this.#unlink(request);
    this.settled(request);
    request.reject?.(
      new EverwarpError(
        "EW_DEADLINE_EXCEEDED",
        wasWaiting
          ? `no slot was free for the request within its ${afterMs} ms; it was not published and is never performed`
          : `the request was published and not answered within its ${afterMs} ms; it is still performed, and its answer dropped`,
        {
          remedy: wasWaiting
            ? "Send fewer at a time, or mark it urgent."
            : "Allow more time; repeat it only if it may be performed twice.",
        },
      ),
    );
  }
}

/** The lane of a request. */
const REQUEST_OPTIONS: OptionChecks<RequestOptions> = {
  urgent: boolean,
  deadlineMs: positiveDuration,
  signal: abortSignal,
};

/** @throws EW_BAD_ARGUMENT */
export function readRequestOptions(given: unknown): RequestOptions {
  return readOptions("the options of a request", given, REQUEST_OPTIONS);
}

export function laneOf(options: RequestOptions | undefined): Lane {
  return options?.urgent === true ? URGENT : 0;
}

function emptyList<Answer>(): List<Answer> {
  return { first: undefined, last: undefined, count: 0 };
}
