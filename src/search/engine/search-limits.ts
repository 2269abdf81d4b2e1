/** What ends a search from outside: its caller's signal, and its time. */
import { EverwarpError, hearAbort, MAX_TIMER_MS } from "../../base/index.ts";
import type { SearchOptions } from "./engine-options.ts";

/** Ends the hearing of limits that nobody holds any more: a signal may live for as long as the process. */
const dropped = new FinalizationRegistry<() => void>((unhear) => unhear());

/** Watches a signal and a time for one search. */
export class SearchLimits {
  readonly timeoutMs: number;
  readonly #deadlineMs: number;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #stop: (error: EverwarpError) => void;
  #unhear: (() => void) | undefined;
  readonly #ended: Promise<never>;
  #reject!: (error: EverwarpError) => void;

  /** @param stop ends the search; called at most once, also from the constructor */
  constructor({ signal, timeoutMs = Infinity }: SearchOptions, stop: (error: EverwarpError) => void) {
    this.timeoutMs = timeoutMs;
    this.#deadlineMs = performance.now() + timeoutMs;
    this.#stop = stop;
    this.#ended = new Promise<never>((_, reject) => (this.#reject = reject));
    this.#ended.catch(() => undefined); // told by whoever waits
    // A limit beyond the longest timer is none.
    if (timeoutMs <= MAX_TIMER_MS) {
      this.#timer = setTimeout(() => this.end(timeoutError(timeoutMs)), timeoutMs);
      this.#timer.unref(); // a search that nobody waits for keeps no process alive
    }
    if (signal?.aborted === true) this.end(abortedError(signal.reason));
    else if (signal !== undefined) {
      this.#unhear = hearWeakly(signal, new WeakRef(this));
      dropped.register(this, this.#unhear, this);
    }
  }

  /** Ends the search. */
  end(error: EverwarpError): void {
    this.dispose();
    this.#stop(error);
    this.#reject(error);
  }

  /** Milliseconds that are left; negative when the time is over. */
  get leftMs(): number {
    return this.#deadlineMs - performance.now();
  }

  /** Settles with the work, or rejects as soon as the search is ended. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#ended]);
  }

  /** Watches no longer. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#unhear?.();
    if (this.#unhear !== undefined) dropped.unregister(this);
    this.#unhear = undefined;
  }
}

/** The signal does not hold the search: one that nobody waits for, or looks at, can go. */
function hearWeakly(signal: AbortSignal, limits: WeakRef<SearchLimits>): () => void {
  return hearAbort(signal, () => limits.deref()?.end(abortedError(signal.reason)));
}

/** The search was called off. @param cause the reason of the signal */
export function abortedError(cause: unknown): EverwarpError {
  return new EverwarpError("EW_ABORTED", "the search was called off", {
    remedy: "Submit it again if its result is wanted.",
    cause,
  });
}

/** The search's own time is over; it does not go on. */
export function timeoutError(timeoutMs: number): EverwarpError {
  return new EverwarpError("EW_TIMEOUT", `the search was not answered within its ${timeoutMs} ms`, {
    remedy: "Submit it again with more time.",
  });
}

/** A blocking wait was over first. */
export function notYetError(timeoutMs: number): EverwarpError {
  return new EverwarpError("EW_TIMEOUT", `the search was not answered within ${timeoutMs} ms`, {
    remedy: "Allow more time, or await wait(): the search goes on.",
  });
}

/** A stream takes the hits, so there will be no result. */
export function streamedError(): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", "the hits of this search are streamed", {
    remedy: "Take all hits from one stream, or submit the query again and wait for its result.",
  });
}

/** A blocking wait holds the event loop, which opening a device needs. */
export function reopeningError(): EverwarpError {
  return new EverwarpError("EW_DEVICE_LOST", "the device was lost and is being opened again", {
    remedy: "Await a search: that needs the event loop, and a blocking wait would never end.",
  });
}
