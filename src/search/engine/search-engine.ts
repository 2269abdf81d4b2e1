/**
 * The search engine: corpora in, queries in, results out, whatever does the work.
 *
 *   corpora ──▶ holdings: backends (a device's resident kernel | the host's threads) ──▶ Search ──wait──▶ SearchResult
 *
 * Invariants: searches wait in one queue while a backend has no room, and are sent in the order of that queue. Nothing
 * runs after `close`. A device that is lost is opened again, and its corpora are loaded again (`holdings.ts`).
 */
import { availableParallelism } from "node:os";
import { EverwarpError, isDeviceFailure } from "../../base/index.ts";
import { mayFallBack } from "../../engine/index.ts";
import type { Backend, LoadedCorpus } from "../backend/index.ts";
import type { Corpus } from "../corpus/index.ts";
import { unloadRegexEngine } from "../matcher/index.ts";
import { Verifier } from "../verifier/index.ts";
import {
  assertCorpus,
  blockingTimeMs,
  corpusOptions,
  engineOptions,
  readQuery,
  searchOptions,
} from "./arguments.ts";
import type { EngineCorpus } from "./engine-corpus.ts";
import type {
  BackendChoice,
  BlockingOptions,
  CorpusLoadOptions,
  SearchEngineOptions,
  SearchOptions,
} from "./engine-options.ts";
import { memoryStats, type SearchEngineInfo, type SearchEngineStats } from "./engine-stats.ts";
import { Holdings } from "./holdings.ts";
import { LineCounter, type LineTotal } from "./line-counter.ts";
import { PlaneMaker } from "./plane-maker.ts";
import { type Query, QueryCache } from "./query.ts";
import { Search } from "./search.ts";
import { timeoutError } from "./search-limits.ts";
import type { SearchOwner } from "./search-owner.ts";
import type { SearchResult } from "./search-result.ts";
import type { TextEngine } from "./text-engine.ts";

/** Searches corpora again and again. */
export class SearchEngine implements TextEngine {
  readonly #choice: BackendChoice;
  readonly #isIndexed: boolean;
  readonly #holdings: Holdings;
  readonly #queries = new QueryCache();
  readonly #pending: Search[] = [];
  readonly #counts = { submitted: 0, answered: 0, failed: 0, cancelled: 0 };
  #closing: Promise<void> | undefined;
  readonly #verifier: Verifier;
  readonly #lines: LineCounter;
  readonly #planes: PlaneMaker;
  readonly #owner: SearchOwner<Search>;

  private constructor(choice: BackendChoice, holdings: Holdings, isIndexed: boolean) {
    this.#choice = choice;
    this.#isIndexed = isIndexed;
    this.#holdings = holdings;
    this.#verifier = new Verifier(choice.threads ?? availableParallelism());
    this.#owner = this.#asOwner();
    this.#planes = new PlaneMaker({
      threads: this.#choice.threads ?? availableParallelism(),
      corpora: () => this.#holdings.corpora.values(),
      isIdle: () => this.#openCount === 0,
      isClosing: () => this.#closing !== undefined,
    });
    this.#lines = new LineCounter({
      held: (corpus) => this.#held(corpus),
      prepare: (query) => this.#queries.prepare(query),
      search: (query, options) => this.#submit(query, options, false),
      searchSync: (query, timeoutMs) => this.#searchSync(query, timeoutMs, false),
      answered: () => void (this.#counts.submitted++, this.#counts.answered++),
    });
  }

  /**
   * Opens an engine and loads its corpora.
   * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD for a device that was named,
   * EW_STRATEGY_UNSUPPORTED, EW_CORPUS_TOO_LARGE, EW_OUT_OF_HOST_MEMORY, EW_BAD_ARGUMENT
   */
  static async open(options: SearchEngineOptions): Promise<SearchEngine> {
    const { corpus, corpora = [], index = true, ...choice } = engineOptions(options);
    const engine = new SearchEngine(choice, await Holdings.open(choice), index);
    try {
      for (const each of corpus === undefined ? corpora : [corpus, ...corpora]) await engine.addCorpus(each);
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  /** What the engine runs on. */
  get info(): SearchEngineInfo {
    const { backend, strategyReason, fallbackReason } = this.#holdings.main;
    return { ...backend.info, strategyReason, fallbackReason };
  }

  /** What the engine has done so far, and what it holds. */
  stats(): SearchEngineStats {
    const { answered, failed, cancelled } = this.#counts;
    const pending = this.#pending.length;
    const corpora = [...this.#holdings.corpora.values()];
    return {
      answered,
      failed,
      cancelled,
      inFlight: this.#openCount - pending,
      pending,
      ...memoryStats(corpora),
      recoveries: this.#holdings.recoveryCount,
    };
  }

  /** The corpora that are held, in the order in which they were added. */
  get corpora(): readonly Corpus[] {
    return [...this.#holdings.corpora.keys()];
  }

  /**
   * @internal A corpus as it lies in memory now, that of the host if it lies there too. Undefined where it is not held,
   * or was lost.
   */
  loaded(corpus: Corpus): LoadedCorpus | undefined {
    assertCorpus(corpus);
    const held = this.#holdings.find(corpus);
    return held === undefined || held.isLost ? undefined : (held.copy ?? held).loaded;
  }

  /**
   * Loads one more corpus. Searches go on meanwhile, or wait where the device cannot do both. A corpus that is held
   * already stays as it is: make a new corpus to see what has changed on disk.
   * @param options.index whether signatures are made; by default as the engine was opened
   * @throws EW_CORPUS_TOO_LARGE, EW_OUT_OF_DEVICE_MEMORY, EW_OUT_OF_HOST_MEMORY, EW_DEVICE_LOST, EW_CLOSED,
   * EW_BAD_ARGUMENT
   */
  async addCorpus(corpus: Corpus, options: CorpusLoadOptions = {}): Promise<void> {
    assertCorpus(corpus);
    const { index = this.#isIndexed } = corpusOptions(options);
    this.#assertOpen();
    try {
      await this.#holdings.add(corpus, index);
    } catch (error) {
      const lost = this.#holdings.lostBackend;
      if (lost !== undefined && isDeviceFailure(error)) this.#recover(lost, error);
      throw error;
    }
    this.#assertOpen();
  }

  /**
   * Gives up a corpus and its memory. Searches that still need the corpus fail with EW_CORPUS_UNKNOWN.
   * @throws EW_CORPUS_UNKNOWN, EW_BAD_ARGUMENT
   */
  async removeCorpus(corpus: Corpus): Promise<void> {
    assertCorpus(corpus);
    await this.#holdings.remove(this.#held(corpus));
  }

  /**
   * Begins a search and returns at once. Any number of searches may be in flight.
   * @param options a signal and a time that call the search off
   * @throws EW_BAD_PATTERN, EW_BAD_ARGUMENT, EW_CORPUS_UNKNOWN, EW_CLOSED, EW_DEVICE_LOST, EW_WORKER_DIED
   */
  submit(query: Query, options?: SearchOptions): Search {
    return this.#submit(query, options, false);
  }

  /** Searches, and waits for the result. @throws as `submit` and `Search.wait` */
  async search(query: Query, options?: SearchOptions): Promise<SearchResult> {
    return this.submit(query, options).wait();
  }

  /**
   * Searches, and blocks until the result is there. A search whose time is over is called off.
   * @param options.timeoutMs milliseconds; default 1000
   * @throws as `submit` and `Search.waitSync`
   */
  searchSync(query: Query, options?: BlockingOptions): SearchResult {
    return this.#searchSync(query, blockingTimeMs("the options of searchSync", options), false);
  }

  /**
   * Counts hits, and costs no more than that: where the backend alone decides what is a hit, it only counts.
   * @returns the `count` that the result of the search would have
   * @throws as `search`
   */
  async count(query: Query, options?: SearchOptions): Promise<number> {
    const { count } = await this.#submit(query, options, true).wait();
    return count;
  }

  /**
   * Counts hits, and blocks until they are counted. A search whose time is over is called off.
   * @param options.timeoutMs milliseconds; default 1000
   * @returns the `count` that the result of the search would have
   * @throws as `searchSync`
   */
  countSync(query: Query, options?: BlockingOptions): number {
    return this.#searchSync(query, blockingTimeMs("the options of searchSync", options), true).count;
  }

  /** @internal For times without searches: gives back what only searches in flight need. */
  trim(): void {
    this.#holdings.trim(false);
  }

  /** @internal As `trim`, and gives back what makes searches sooner: threads, and what was made for patterns. */
  forget(): void {
    this.#holdings.trim(true);
    this.#verifier.trim();
    this.#queries.clear();
    unloadRegexEngine();
  }

  /**
   * Counts the lines that match. A device counts with bit planes, at the speed of its memory. It makes the planes at
   * the first count. Where there are no planes for a pattern, the engine searches hits and counts their lines.
   * `maxHits` has no effect.
   * @throws as `search`
   */
  async countLines(query: Query, options: SearchOptions = {}): Promise<LineTotal> {
    this.#assertOpen();
    return this.#lines.count(readQuery(query), searchOptions(options));
  }

  /**
   * Counts the lines that match, and blocks until they are counted. As long as the device has no bit planes, hits are
   * searched.
   * @throws as `searchSync`
   */
  countLinesSync(query: Query, options?: BlockingOptions): LineTotal {
    const timeoutMs = blockingTimeMs("the options of countLinesSync", options);
    this.#assertOpen();
    return this.#lines.countSync(readQuery(query), timeoutMs);
  }

  /**
   * Stops the kernel or the threads and frees everything. Searches in flight end with EW_CLOSED. A second call waits
   * for the first.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Searches without a result so far: in flight or pending. */
  get #openCount(): number {
    const { submitted, answered, failed, cancelled } = this.#counts;
    return submitted - answered - failed - cancelled;
  }

  #submit(query: Query, options: SearchOptions | undefined, isCountOnly: boolean): Search {
    this.#assertOpen();
    const asked = readQuery(query);
    const limits = options === undefined ? undefined : searchOptions(options);
    const corpus = this.#held(asked.corpus);
    const prepared = this.#queries.prepare(asked);
    this.#planes.asked(corpus, prepared);
    const { maxHits = Infinity, locate = true } = asked;
    const search = new Search(this.#owner, corpus, prepared, maxHits, locate && !isCountOnly, isCountOnly);
    this.#counts.submitted++;
    if (limits !== undefined) search.limit(limits);
    if (search.hasFailed) return search;
    try {
      this.#sendOrKeep(search);
    } catch (error) {
      search.fail(error);
      throw error;
    }
    return search;
  }

  #searchSync(query: Query, timeoutMs: number, isCountOnly: boolean): SearchResult {
    const search = this.#submit(query, undefined, isCountOnly);
    try {
      return search.waitSync({ timeoutMs });
    } catch (error) {
      const over = timeoutError(timeoutMs);
      search.cancel(over); // nobody can wait for it any more
      throw error instanceof EverwarpError && error.code === "EW_TIMEOUT" ? over : error;
    }
  }

  async #close(): Promise<void> {
    for (const search of this.#pending.splice(0)) search.fail(closedError());
    await this.#verifier.close();
    await this.#holdings.close();
    for (const search of this.#pending.splice(0)) search.fail(closedError());
  }

  /** The engine, as its searches see it. */
  #asOwner(): SearchOwner<Search> {
    return {
      verifier: this.#verifier,
      threads: this.#choice.threads ?? availableParallelism(),
      sendPending: () => this.#sendPending(),
      sendAgain: (search) => this.#sendOrKeep(search),
      withdraw: (search) => this.#withdraw(search),
      asksAgain: (search, error) => this.#asksAgain(search, error),
      isReopening: ({ corpus }) => corpus.isLost && this.#holdings.find(corpus.corpus)?.isLost === true,
      ended: (outcome) => void this.#counts[outcome]++,
      assertOpen: () => this.#assertOpen(),
    };
  }

  #held(corpus: Corpus | undefined): EngineCorpus {
    const held = this.#holdings.find(corpus);
    if (held !== undefined) return held;
    this.#assertOpen();
    throw new EverwarpError(
      "EW_CORPUS_UNKNOWN",
      corpus === undefined ? "the engine holds no corpus" : "the engine does not hold this corpus",
      { remedy: "Add it with addCorpus() first." },
    );
  }

  /** @returns false if there is no room, or if the corpus is being loaded again */
  #send(search: Search): boolean {
    let { corpus } = search;
    if (corpus.isLost) {
      this.#holdings.assertReachable();
      corpus = this.#heldAgain(corpus);
      if (corpus.isLost) return false;
    }
    try {
      search.send(corpus);
      return true;
    } catch (error) {
      if (error instanceof EverwarpError && error.code === "EW_QUEUE_FULL") return false;
      if (this.#asksAgain(search, error)) return false;
      throw error;
    }
  }

  /** The new place of a corpus that was lost with its device. @throws EW_CORPUS_UNKNOWN if the corpus was removed */
  #heldAgain(lost: EngineCorpus): EngineCorpus {
    lost.assertHeld();
    return this.#held(lost.corpus);
  }

  /** Sends a search, unless others wait already or there is no room. @throws as `Search.send` */
  #sendOrKeep(search: Search): void {
    if (this.#pending.length === 0 && this.#send(search)) return;
    this.#keepPending(search);
  }

  #sendPending(): void {
    for (let search = this.#pending[0]; search !== undefined; search = this.#pending[0]) {
      try {
        search.corpus.assertHeld();
        if (!this.#send(search)) return;
        this.#pending.shift();
      } catch (error) {
        search.fail(error); // which withdraws it
      }
    }
  }

  #withdraw(search: Search): void {
    const index = this.#pending.indexOf(search);
    if (index >= 0) this.#pending.splice(index, 1);
  }

  /** Opens a lost device again. Searches are asked again if the device was left to everwarp. */
  #asksAgain(search: Search, error: unknown): boolean {
    const { backend } = search.corpus;
    const isLoss = search.corpus.isLost || (backend.info.kind === "device" && backend.isLost);
    if (!isLoss || !isDeviceFailure(error) || this.#closing !== undefined) return false;
    this.#recover(backend, error);
    // A search that takes the device down with it is not asked a third time.
    if (!mayFallBack(this.#choice) || search.repeatCount > 1) return false;
    search.repeat();
    this.#keepPending(search);
    return true;
  }

  #recover(lost: Backend, reason: EverwarpError): void {
    this.#holdings.recover(lost, reason, this.#counts.answered, () => this.#sendPending());
  }

  #keepPending(search: Search): void {
    if (!search.isPending) this.#pending.push(search);
    search.isPending = true;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }
}

function closedError(): EverwarpError {
  return new EverwarpError("EW_CLOSED", "the engine was closed", { remedy: "Open a new one." });
}
