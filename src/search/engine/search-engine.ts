/**
 * The search engine: corpora in, queries in, results out, whatever does the work.
 *
 *   corpora ──▶ backend (a device's resident kernel | the host's threads) ──▶ Search ──wait──▶ SearchResult
 *                       └── a corpus that does not fit a device that was left to us to choose ──▶ the host's threads, beside it
 *
 * Invariants: a corpus is held by exactly one backend; searches wait in one line when a queue is full, and are sent in that order;
 * after `close` nothing runs any more.
 */
import { EverwarpError } from "../../base/index.ts";
import { mayContinueOnHost } from "../../engine/index.ts";
import type { Backend, SubmitOptions } from "../backend/index.ts";
import type { Corpus } from "../corpus/index.ts";
import { assertCorpus, engineOptions, readQuery, syncOptions } from "./arguments.ts";
import { EngineCorpus } from "./engine-corpus.ts";
import type { BackendChoice, SearchEngineOptions } from "./engine-options.ts";
import { openBackend, type OpenedBackend, openHost } from "./open-backend.ts";
import { type PreparedQuery, type Query, QueryCache } from "./query.ts";
import { Search, type SearchHost } from "./search.ts";
import type { SearchResult } from "./search-result.ts";

/** What an engine runs on. */
export interface SearchEngineInfo {
  readonly kind: "host" | "device";
  /** For people: "NVIDIA H200", "8 threads". */
  readonly device: string;
  /** Launch strategy of the kernel; "threads" on the host. */
  readonly strategy: string;
  readonly strategyReason: string;
  /** Why `auto` did not take a device; undefined where it did. */
  readonly fallbackReason: string | undefined;
}

const LOCATED: SubmitOptions = { locate: true };
const COUNTED: SubmitOptions = { locate: false };

interface Waiting {
  readonly search: Search;
  readonly corpus: EngineCorpus;
  readonly query: PreparedQuery;
  readonly options: SubmitOptions;
}

export class SearchEngine implements AsyncDisposable {
  readonly #choice: BackendChoice;
  #opened: OpenedBackend;
  /** Holds corpora that the device had no room for. */
  #beside: Promise<OpenedBackend> | undefined;
  readonly #corpora = new Map<Corpus, EngineCorpus>();
  #first: EngineCorpus | undefined;
  readonly #queries = new QueryCache();
  readonly #line: Waiting[] = [];
  /** One load after the other, so that corpora are in the order in which they were added. */
  #loads: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;
  readonly #host: SearchHost = {
    sendWaiting: () => this.#sendWaiting(),
    assertOpen: () => this.#assertOpen(),
  };

  private constructor(choice: BackendChoice, opened: OpenedBackend) {
    this.#choice = choice;
    this.#opened = opened;
  }

  /**
   * Opens an engine and loads its corpora.
   * @throws EW_NO_VULKAN, EW_NO_DEVICE, EW_DEVICE_FORBIDDEN, EW_DRIVER_TOO_OLD for a device that was named,
   * EW_STRATEGY_UNSUPPORTED, EW_CORPUS_TOO_LARGE, EW_OUT_OF_HOST_MEMORY, EW_BAD_ARGUMENT
   */
  static async open(options: SearchEngineOptions): Promise<SearchEngine> {
    const { corpus, corpora = [], ...choice } = engineOptions(options);
    const engine = new SearchEngine(choice, await openBackend(choice));
    try {
      for (const each of corpus === undefined ? corpora : [corpus, ...corpora]) await engine.addCorpus(each);
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  get info(): SearchEngineInfo {
    const { backend, strategyReason, fallbackReason } = this.#opened;
    return { ...backend.info, strategyReason, fallbackReason };
  }

  /** The corpora that are held, in the order in which they were added. */
  get corpora(): readonly Corpus[] {
    return [...this.#corpora.keys()];
  }

  /**
   * Loads one more corpus. Searches go on meanwhile or wait, as the device can. One that is held already stays as it is: to see what has
   * changed on disk, make a new one.
   * @throws EW_CORPUS_TOO_LARGE, EW_OUT_OF_DEVICE_MEMORY, EW_OUT_OF_HOST_MEMORY, EW_DEVICE_LOST, EW_CLOSED
   */
  async addCorpus(corpus: Corpus): Promise<void> {
    assertCorpus(corpus);
    const load = this.#loads
      .catch(() => undefined) // its caller has been told
      .then(() => this.#add(corpus));
    this.#loads = load;
    return load;
  }

  /**
   * Gives up a corpus and its memory. Searches that were not waited for fail with EW_CORPUS_UNKNOWN where they still need it.
   * @throws EW_CORPUS_UNKNOWN
   */
  async removeCorpus(corpus: Corpus): Promise<void> {
    assertCorpus(corpus);
    const held = this.#held(corpus);
    this.#corpora.delete(corpus);
    this.#first = this.#corpora.values().next().value;
    held.isRemoved = true;
    await held.loaded.unload();
  }

  /**
   * Asks and returns at once; any number of searches may be in flight.
   * @throws EW_BAD_PATTERN, EW_BAD_ARGUMENT, EW_CORPUS_UNKNOWN, EW_CLOSED, EW_DEVICE_LOST, EW_WORKER_DIED
   */
  submit(given: Query): Search {
    this.#assertOpen();
    const query = readQuery(given);
    const corpus = this.#held(query.corpus);
    const maxHits = query.maxHits ?? Infinity;
    const prepared = this.#queries.prepare(query);
    const search = new Search(this.#host, corpus, prepared, maxHits);
    const waiting = {
      search,
      corpus,
      query: prepared,
      options: submitOptions(query, prepared, corpus, maxHits),
    };
    if (this.#line.length > 0 || !this.#send(waiting)) {
      search.keepInLine();
      this.#line.push(waiting);
    }
    return search;
  }

  /** Asks and waits. @throws as `submit` and `Search.wait` */
  async search(query: Query): Promise<SearchResult> {
    return this.submit(query).wait();
  }

  /**
   * Asks and blocks until the answer is there.
   * @param options.timeoutMs milliseconds; default 1000
   * @throws as `submit` and `Search.waitSync`
   */
  searchSync(query: Query, options: { timeoutMs?: number } = {}): SearchResult {
    const { timeoutMs = 1000 } = syncOptions(options);
    return this.submit(query).waitSync(timeoutMs);
  }

  /** Stops the kernel or the threads and frees everything. Searches in flight end with EW_CLOSED. A second call does nothing more. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#loads.catch(() => undefined); // its caller has been told
    for (const { search } of this.#line.splice(0)) search.fail(closedError());
    for (const corpus of this.#corpora.values()) corpus.isRemoved = true;
    this.#corpora.clear();
    this.#first = undefined;
    await this.#opened.backend.close();
    const beside = await this.#beside?.catch(() => undefined); // whose corpus was loaded there has been told
    await beside?.backend.close();
  }

  async #add(corpus: Corpus): Promise<void> {
    this.#assertOpen();
    if (this.#corpora.has(corpus)) return;
    const backend = this.#opened.backend;
    let held: EngineCorpus;
    try {
      held = await load(backend, corpus, this.#choice);
    } catch (error) {
      const mayMove = backend.info.kind === "device" && mayContinueOnHost(this.#choice, error);
      if (!mayMove) throw error;
      held = await this.#addBeside(corpus, error);
    }
    this.#corpora.set(corpus, held);
    this.#first ??= held;
  }

  /** The device takes no corpus of this size: the host does. With nothing on the device, it is closed. */
  async #addBeside(corpus: Corpus, error: EverwarpError): Promise<EngineCorpus> {
    this.#beside ??= openHost(this.#choice, error.message);
    const beside = await this.#beside;
    const held = await load(beside.backend, corpus, this.#choice);
    if (this.#corpora.size === 0) {
      const { backend } = this.#opened;
      this.#opened = beside;
      this.#beside = undefined;
      await backend.close();
    }
    return held;
  }

  #held(corpus: Corpus | undefined): EngineCorpus {
    const held = corpus === undefined ? this.#first : this.#corpora.get(corpus);
    if (held !== undefined) return held;
    this.#assertOpen();
    throw new EverwarpError(
      "EW_CORPUS_UNKNOWN",
      corpus === undefined ? "the engine holds no corpus" : "the engine does not hold this corpus",
      { remedy: "Add it with addCorpus() first." },
    );
  }

  /** @returns false where the queue is full */
  #send({ search, corpus, query, options }: Waiting): boolean {
    if (query.isLong) return this.#send({ search, corpus, query: query.shortened, options: LOCATED });
    const { plan } = query;
    if (plan.kind === "whole" || plan.kind === "nothing") {
      search.sent(query, undefined, undefined);
      return true;
    }
    try {
      const probe = plan.foldExceptions.length > 0 ? corpus.probe(plan.foldExceptions) : undefined;
      search.sent(query, corpus.backend.submit(corpus.loaded, plan.literals, options), probe);
      return true;
    } catch (error) {
      const code = error instanceof EverwarpError ? error.code : undefined;
      if (code === "EW_QUEUE_FULL") return false;
      const { shortened } = query;
      if (code !== "EW_REQUEST_TOO_LARGE" || shortened === query) throw error;
      return this.#send({ search, corpus, query: shortened, options: LOCATED });
    }
  }

  #sendWaiting(): void {
    for (let waiting = this.#line[0]; waiting !== undefined; waiting = this.#line[0]) {
      try {
        waiting.corpus.assertHeld();
        if (!this.#send(waiting)) return;
      } catch (error) {
        waiting.search.fail(error);
      }
      this.#line.shift();
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }
}

/** So many files are worth one more thread. */
const FILES_PER_LOAD_THREAD = 2500;

async function load(backend: Backend, corpus: Corpus, { threads }: BackendChoice): Promise<EngineCorpus> {
  // A limit on threads is one on loading too, but few files are still read on this thread.
  const loadThreads =
    threads === undefined
      ? undefined
      : Math.min(threads, Math.floor(corpus.fileCount / FILES_PER_LOAD_THREAD));
  const loaded = await backend.load(corpus, loadThreads === undefined ? {} : { threads: loadThreads });
  return new EngineCorpus(corpus, backend, loaded);
}

/** The backend may only be told to stop early where each of its occurrences is a hit. One hit more shows that there are more. */
function submitOptions(
  query: Query,
  prepared: PreparedQuery,
  corpus: EngineCorpus,
  maxHits: number,
): SubmitOptions {
  const { plan } = prepared;
  // Lines to be verified are found by their places.
  const options = query.locate === false && plan.kind === "literals" ? COUNTED : LOCATED;
  if (maxHits === Infinity) return options;
  const isEach =
    plan.kind === "literals" &&
    plan.foldExceptions.length === 0 &&
    !prepared.mayOverlap &&
    !corpus.hasMarks &&
    corpus.streamed.length === 0;
  return isEach ? { ...options, maxHits: maxHits + 1 } : options;
}

function closedError(): EverwarpError {
  return new EverwarpError("EW_CLOSED", "the engine was closed", { remedy: "Open a new one." });
}
