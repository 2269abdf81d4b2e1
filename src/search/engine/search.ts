/**
 * One query in flight.
 *
 *   pending ──room in the queue──▶ asked ──the backend answers──▶ host pass ──▶ result
 *                                    │ └── nothing is left for the host: at once ──▶ ┘
 *                                    └── too many hits for a device: the host's threads are asked
 *
 * Invariants:
 * - A result is made once, by whoever first sees that everything is there.
 * - After an error every later call throws it again. Only after the EW_TIMEOUT of `waitSync` the search goes on.
 * - A search that ended, by whatever, is pending no longer, and nothing of it is sent any more.
 */
import { EverwarpError, nowMs, SLICE_MS, WaitPace } from "../../base/index.ts";
import { blockingTimeMs } from "./arguments.ts";
import type { AskedPlan } from "./asked-plan.ts";
import { Asking } from "./asking.ts";
import type { EngineCorpus } from "./engine-corpus.ts";
import type { BlockingOptions, SearchOptions } from "./engine-options.ts";
import { decidedHits, type LimitedHits } from "./hit-source.ts";
import { HostPass, type WayToWait } from "./host-pass.ts";
import type { PreparedQuery } from "./query.ts";
import {
  abortedError,
  notYetError,
  reopeningError,
  SearchLimits,
  streamedError,
  timeoutError,
} from "./search-limits.ts";
import type { SearchOutcome, SearchOwner } from "./search-owner.ts";
import { SearchResult } from "./search-result.ts";

/** How long a look at `done` may take. */
const LOOK_MS = 1;
const NOTHING_CHANGED: ReadonlyMap<number, undefined> = new Map<number, undefined>();

/** One query in flight: wait for its result, or take its hits while it goes on. Made by `SearchEngine.submit`. */
export class Search implements AsyncIterable<SearchResult> {
  /** @internal For the engine: there is no room for the search yet, so it is in the engine's queue. */
  isPending = false;
  readonly #owner: SearchOwner<Search>;
  readonly #query: PreparedQuery;
  readonly #maxHits: number;
  /** Only the count of hits is wanted. */
  readonly #isCountOnly: boolean;
  readonly #submittedMs = nowMs();
  readonly #asking: Asking;
  #limits: SearchLimits | undefined;
  #answeredMs = 0;
  #pass: HostPass | undefined;
  #verifyMs = 0;
  #result: SearchResult | undefined;
  #failure: unknown;
  #outcome: SearchOutcome | undefined;
  /** Somebody takes the hits while the search goes on, or has taken them. */
  #isStreamed = false;
  #waitCount = 0;
  /** How often the search was asked again after a loss. */
  #repeatCount = 0;

  /** @internal For the engine. */
  constructor(
    owner: SearchOwner<Search>,
    corpus: EngineCorpus,
    query: PreparedQuery,
    maxHits: number,
    isLocated: boolean,
    isCountOnly = false,
  ) {
    this.#owner = owner;
    this.#query = query;
    this.#maxHits = maxHits;
    this.#isCountOnly = isCountOnly;
    const { threads } = owner;
    this.#asking = new Asking(corpus, query, { maxHits, isLocated, isCountOnly, threads });
  }

  /** @internal For the engine: what is searched. */
  get corpus(): EngineCorpus {
    return this.#asking.held;
  }

  /** @internal For the engine: how often the search was asked again after a loss. */
  get repeatCount(): number {
    return this.#repeatCount;
  }

  /** @internal For the engine: no answer will come. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** @internal For the engine: watches a signal and a time. */
  limit(options: SearchOptions): void {
    if (options.signal === undefined && options.timeoutMs === undefined) return;
    this.#limits = new SearchLimits(options, (error) => this.cancel(error));
    if (this.#failure !== undefined) this.#limits.dispose();
  }

  /** @internal For the engine: asks the backend. @throws as `AskedPlan.ask` */
  send(corpus: EngineCorpus): void {
    this.#asking.send(corpus);
    this.isPending = false;
  }

  /** @internal For the engine: the device was lost, and the search is to be asked again. */
  repeat(): void {
    this.#repeatCount++;
    this.#asking.forget();
    this.#answeredMs = 0;
  }

  /** @internal For the engine: the search cannot be sent, or no answer will come. */
  fail(error: unknown): void {
    this.#end(error, "failed");
  }

  /** @internal For the engine: nobody wants the result any more. */
  cancel(error: EverwarpError): void {
    this.#end(error, "cancelled");
  }

  /**
   * Is the result there? A poll that takes a millisecond at most; where the host has work to do, some of it is done.
   * @throws as `wait`
   */
  get done(): boolean {
    if (this.#result !== undefined) return true;
    this.#assertNotStreamed();
    return this.#guard(() => {
      if (this.isPending) this.#owner.sendPending();
      this.#throwFailure();
      if (this.isPending || this.#asked?.done === false) return false;
      return this.#advance(nowMs() + LOOK_MS, "polls");
    });
  }

  /**
   * Blocks until the result is there. For answers that come in microseconds: the whole process waits meanwhile.
   * @param options.timeoutMs milliseconds; default 1000. Some lines of a file may be finished beyond it
   * @throws EW_TIMEOUT when the time was over first (the search goes on), EW_DEVICE_LOST, EW_WORKER_DIED, EW_CLOSED,
   * EW_CORPUS_UNKNOWN, EW_ABORTED; EW_BAD_ARGUMENT where the hits are being streamed
   */
  waitSync(options?: BlockingOptions): SearchResult {
    const timeoutMs = blockingTimeMs("the options of waitSync", options);
    if (this.#result !== undefined) return this.#result;
    this.#assertNotStreamed();
    this.#throwFailure();
    try {
      const limitMs = this.#limits === undefined ? timeoutMs : Math.min(timeoutMs, this.#limits.leftMs);
      if (this.#asked?.waitSync(limitMs) === false) throw notYetError(timeoutMs);
      if (this.#asked && this.#advance(0, "blocks")) return this.#result as unknown as SearchResult;
      return this.#waitLong(timeoutMs, nowMs() + limitMs);
    } catch (error) {
      return this.#failSync(error);
    }
  }

  /**
   * Resolves when the result is there.
   * @throws EW_DEVICE_LOST, EW_WORKER_DIED, EW_CLOSED, EW_CORPUS_UNKNOWN; EW_ABORTED and EW_TIMEOUT by the signal and
   * the time that were given with the query; EW_BAD_ARGUMENT where the hits are being streamed
   */
  async wait(): Promise<SearchResult> {
    if (this.#result !== undefined) return this.#result;
    this.#assertNotStreamed();
    this.#waitCount++;
    return this.#limited(this.#waitForResult());
  }

  /**
   * Gives the hits in runs of whole files, in the order of the final result, while the search goes on.
   *
   * - All runs together are what `wait` would have given. Only the last run can be truncated.
   * - Each run is a result. It tells of files that changed or were skipped as far as they were known by then.
   * - The search goes on when the next run is asked for, so memory holds one run. Leaving the loop calls the search
   *   off.
   * - A search that is streamed has no other result: `wait` refuses.
   * @throws as `wait`
   */
  async *stream(): AsyncGenerator<SearchResult, void, undefined> {
    if (this.#result !== undefined || this.#waitCount > 0) {
      yield await this.wait();
      return;
    }
    this.#assertNotStreamed();
    this.#isStreamed = true;
    try {
      do await this.#limited(this.#untilAnswered());
      while (this.#asksThreads());
      const hits = decidedHits(this.#asked as AskedPlan, this.#asking.corpus, this.#maxHits);
      if (hits !== undefined) {
        if (hits.count > 0) yield this.#resultOf(hits);
        this.#end(undefined, "answered");
        return;
      }
      for (let isDone = false; !isDone;) {
        isDone = this.#step(nowMs() + SLICE_MS, "turns");
        const pass = this.#pass as HostPass;
        if (pass.hitCount > 0) yield this.#resultOf(pass.take());
        if (!isDone) await pass.pause(); // signals and timers have their turn, also where the caller does not pause
        this.#throwFailure();
      }
      this.#end(undefined, "answered");
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      this.cancel(abortedError(undefined)); // the caller has left the loop, unless the search has ended
    }
  }

  /** `for await (const hits of search)` is the same as of `stream`. */
  [Symbol.asyncIterator](): AsyncGenerator<SearchResult, void, undefined> {
    return this.stream();
  }

  get #asked(): AskedPlan | undefined {
    return this.#asking.plan;
  }

  async #waitForResult(): Promise<SearchResult> {
    try {
      await this.#untilAnswered();
      while (!this.#advance(nowMs() + SLICE_MS, "turns")) {
        await this.#pause();
        this.#throwFailure();
        await this.#untilAnswered();
      }
      return this.#result as unknown as SearchResult;
    } catch (error) {
      this.fail(error);
      throw this.#failure;
    }
  }

  /** Resolves when the backend has answered, or has nothing to be asked. */
  async #untilAnswered(): Promise<void> {
    for (;;) {
      await this.#untilSent();
      try {
        await this.#asked?.wait();
        this.#throwFailure();
        if (!this.isPending) return;
      } catch (error) {
        this.#throwFailure();
        if (!this.#owner.asksAgain(this, error)) throw error;
      }
    }
  }

  async #untilSent(): Promise<void> {
    this.#throwFailure();
    const pace = new WaitPace(nowMs());
    while (this.isPending) {
      this.#owner.sendPending();
      if (this.isPending) await pace.pause(nowMs());
      this.#throwFailure();
    }
  }

  #waitLong(timeoutMs: number, endMs: number): SearchResult {
    const left = (): number => Math.max(0, endMs - nowMs());
    for (;;) {
      while (this.isPending) {
        this.#owner.sendPending();
        this.#throwFailure();
        if (this.isPending && this.#owner.isReopening(this)) throw reopeningError();
        if (this.isPending && left() === 0) throw notYetError(timeoutMs);
      }
      if (this.#asked?.waitSync(left()) === false) throw notYetError(timeoutMs);
      if (this.#advance(endMs, "blocks")) return this.#result as SearchResult;
      if (left() === 0) throw notYetError(timeoutMs);
      this.#pass?.pauseSync(left());
    }
  }

  /** The backend has answered: does what is left. @returns true when the result is there */
  #advance(sliceEndMs: number, way: WayToWait): boolean {
    if (this.#result !== undefined) return true;
    if (this.#asksThreads()) return false;
    if (this.#answeredMs === 0) this.#answeredMs = nowMs();
    if (this.#pass === undefined) {
      const hits = decidedHits(this.#asked as AskedPlan, this.#asking.corpus, this.#maxHits);
      if (hits !== undefined) {
        this.#finish(hits);
        return true;
      }
      if (this.#asking.lacksHits()) {
        this.#owner.sendAgain(this);
        return false;
      }
    }
    if (!this.#step(sliceEndMs, way) || this.#pass?.gather(sliceEndMs) !== true) return false;
    this.#finish(this.#pass.take());
    return true;
  }

  /** Asks the host's threads, where the device has found too many hits. @returns whether they are asked now */
  #asksThreads(): boolean {
    const isAskedAgain = this.#pass === undefined && this.#asking.hasTooManyHits();
    if (isAskedAgain) this.#owner.sendAgain(this);
    return isAskedAgain;
  }

  /** One slice of the host's part. @returns true when nothing is left */
  #step(sliceEndMs: number, way: WayToWait): boolean {
    const beginMs = nowMs();
    if (this.#answeredMs === 0) this.#answeredMs = beginMs;
    this.#owner.assertOpen();
    this.corpus.assertHeld();
    this.#pass ??= new HostPass(this.#asking.corpus, this.#asked as AskedPlan, this.#query, {
      maxHits: this.#maxHits,
      isCountOnly: this.#isCountOnly,
      verifier: this.#owner.verifier,
    });
    const isDone = this.#pass.step(sliceEndMs, way);
    this.#verifyMs += nowMs() - beginMs;
    return isDone;
  }

  /** Lets the event loop have its turn, until there is something to do again. */
  async #pause(): Promise<void> {
    if (this.#pass === undefined) return;
    const beginMs = nowMs();
    await this.#pass.pause();
    this.#verifyMs += nowMs() - beginMs;
  }

  #resultOf(hits: LimitedHits): SearchResult {
    return new SearchResult({
      corpus: this.#asking.corpus,
      hits,
      changed: this.#pass?.changed ?? NOTHING_CHANGED,
      skipped: this.#pass?.skipped ?? [],
      roundTripUs: this.#asked?.isAsked === true ? (this.#answeredMs - this.#submittedMs) * 1000 : 0,
      verifyUs: this.#verifyMs * 1000,
    });
  }

  #finish(hits: LimitedHits): void {
    this.#result = this.#resultOf(hits);
    this.#end(undefined, "answered");
  }

  /** The search has ended; only the first call counts. */
  #end(error: unknown, outcome: SearchOutcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#failure = error;
    this.#limits?.dispose();
    if (outcome !== "answered") {
      if (this.isPending) this.#owner.withdraw(this);
      this.#asked?.cancel();
    }
    this.isPending = false;
    this.#pass?.end();
    this.#asking.forget();
    this.#pass = undefined;
    this.#owner.ended(outcome);
  }

  /** Settles with the work, or as soon as the signal or the time ends the search. */
  #limited<T>(work: Promise<T>): Promise<T> {
    return this.#limits === undefined ? work : this.#limits.race(work);
  }

  /** Runs a step; what it throws is thrown by all later steps too. */
  #guard(step: () => boolean): boolean {
    this.#throwFailure();
    try {
      return step();
    } catch (error) {
      this.#throwFailure();
      if (this.#owner.asksAgain(this, error)) return false;
      this.fail(error);
      throw error;
    }
  }

  /** A blocking wait cannot wait for a device to come back: that needs the event loop. */
  #failSync(error: unknown): never {
    if (!(error instanceof EverwarpError && error.code === "EW_TIMEOUT")) {
      this.#owner.asksAgain(this, error);
      this.fail(error);
    } else if (this.#limits !== undefined && this.#limits.leftMs <= 0) {
      this.cancel(timeoutError(this.#limits.timeoutMs));
      this.#throwFailure();
    }
    throw error;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #assertNotStreamed(): void {
    if (this.#isStreamed) throw streamedError();
  }
}
