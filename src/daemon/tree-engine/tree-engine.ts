/**
 * An engine over one tree.
 *
 *   submit ──▶ turn (`IN_FLIGHT_MAX` at a time) ──▶ asked ──▶ answered
 *                                                     └─ the daemon dies, and nothing was given on: asked once more
 *
 * Invariants: a question that ended, by whatever, has no turn any more. Nothing is asked after `close`.
 */
import {
  abortSignal,
  callback,
  EverwarpError,
  type OptionChecks,
  readOptions,
  Turns,
} from "../../base/index.ts";
import {
  readTextQuery,
  SearchLimits,
  type SearchEngineInfo,
  type SearchEngineStats,
  type SearchOptions,
  searchOptions,
  type TextEngine,
  type TextHits,
  type TextQuery,
} from "../../search/index.ts";
import type { TreeReport } from "../hits/index.ts";
import type { TreeAsking } from "./tree-asking.ts";
import { type Call, TreeSearch } from "./tree-search.ts";

/** So many questions are asked at a time; further ones wait. A daemon has other clients. */
const IN_FLIGHT_MAX = 16;

/** Options of `TreeEngine.onChange`. */
export interface ChangeListenerOptions {
  /** Called once when nothing more will be told, although nobody ended it: the daemon is gone. */
  readonly onEnd?: (error: unknown) => void;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

const CHANGE_OPTIONS: OptionChecks<ChangeListenerOptions> = { onEnd: callback, signal: abortSignal };

/** Searches a tree again and again, as it is at each time. Made by `connect`. */
export class TreeEngine implements TextEngine {
  /** What the engine that holds the tree runs on. */
  readonly info: SearchEngineInfo;
  /** Paths that could not be walked when the tree was loaded, in ripgrep's words. */
  readonly walkErrors: readonly string[];
  readonly #asking: TreeAsking;
  readonly #counts = { answered: 0, failed: 0, cancelled: 0 };
  readonly #open = new Set<(error: EverwarpError) => void>();
  readonly #turns = new Turns(IN_FLIGHT_MAX);
  #isClosed = false;

  private constructor(asking: TreeAsking, { info, walkErrors }: TreeReport) {
    this.#asking = asking;
    this.info = info;
    this.walkErrors = walkErrors;
  }

  /** @internal Has the tree loaded. @throws what the asking throws */
  static async open(asking: TreeAsking): Promise<TreeEngine> {
    return new TreeEngine(asking, await asking.load(new AbortController().signal));
  }

  /**
   * What there is: the searches of this engine, the files and bytes of the tree, and of the rest what the engine that
   * holds the tree has for all trees.
   * @throws EW_CLOSED, and the errors of the daemon
   */
  async stats(): Promise<SearchEngineStats> {
    this.#assertOpen();
    const { stats } = await this.#asking.state(new AbortController().signal);
    const { waiting: pending, taken: inFlight } = this.#turns;
    return { ...stats, ...this.#counts, pending, inFlight, corpora: 1 };
  }

  /**
   * Begins a search and returns at once. Any number of searches may be in flight.
   * @param options a signal and a time that call the search off
   * @throws EW_BAD_ARGUMENT, EW_CLOSED. What is wrong with a pattern, `wait` tells
   */
  submit(query: TextQuery, options?: SearchOptions): TreeSearch {
    const asked = readTextQuery(query);
    const limits = searchOptions(options);
    this.#assertOpen();
    return new TreeSearch(
      this.#asking,
      (signal) => this.#asking.hits(asked, signal),
      (work, mayRepeat) => this.#call(limits, work, mayRepeat),
    );
  }

  /**
   * Searches, and waits for the result.
   * @throws EW_BAD_PATTERN, EW_BAD_ARGUMENT, EW_ABORTED, EW_TIMEOUT, EW_CLOSED, EW_REQUEST_TOO_LARGE for more hits than
   * are answered at once; of a daemon EW_DAEMON_NOT_RUNNING, EW_DAEMON_DIED, EW_DAEMON_TREE, EW_DAEMON_VERSION
   */
  async search(query: TextQuery, options?: SearchOptions): Promise<TextHits> {
    return this.submit(query, options).wait();
  }

  /** Counts hits. @returns the `count` that the result of the search would have @throws as `search` */
  async count(query: TextQuery, options?: SearchOptions): Promise<number> {
    const asked = readTextQuery(query);
    const limits = searchOptions(options);
    this.#assertOpen();
    const { ended } = this.#call(limits, (signal) => this.#asking.count(asked, signal));
    return ended;
  }

  /**
   * Calls back whenever something in the tree may have changed: too often rather than not at all.
   * @returns when it has begun to listen
   * @throws EW_BAD_ARGUMENT, EW_CLOSED
   */
  async onChange(onChange: () => void, options?: ChangeListenerOptions): Promise<void> {
    callback("onChange", onChange);
    const { onEnd, signal } = readOptions("the options of onChange", options, CHANGE_OPTIONS);
    this.#assertOpen();
    const cancel = new AbortController();
    const end = (): void => cancel.abort();
    this.#open.add(end);
    signal?.addEventListener("abort", () => this.#open.delete(end), { once: true });
    const ended = signal === undefined ? cancel.signal : AbortSignal.any([signal, cancel.signal]);
    await this.#asking.changes(onChange, (error) => onEnd?.(error), ended);
  }

  /** Ends searches in flight with EW_CLOSED. The tree stays with whoever holds it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const end of this.#open) end(closedError());
    this.#open.clear();
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Asks in its turn, within its limits. */
  #call<T>(
    options: SearchOptions,
    work: (signal: AbortSignal) => Promise<T>,
    mayRepeat: () => boolean = () => true,
  ): Call<T> {
    const cancel = new AbortController();
    let stopped: EverwarpError | undefined;
    const stop = (error: EverwarpError): void => {
      stopped ??= error;
      cancel.abort();
    };
    const limits = new SearchLimits(options, stop);
    const end = (error: EverwarpError): void => {
      if (stopped === undefined) limits.end(error);
    };
    this.#open.add(end);
    const { signal } = cancel;
    const answer = this.#turns.take(async () => {
      signal.throwIfAborted();
      return await twice(() => work(signal), mayRepeat);
    });
    const asked = limits.race(answer);
    const ended = asked.then(
      (value) => {
        this.#counts.answered++;
        return value;
      },
      (error: unknown) => {
        if (stopped === undefined) this.#counts.failed++;
        else this.#counts.cancelled++;
        throw stopped ?? error;
      },
    );
    const settled = ended.finally(() => {
      limits.dispose();
      this.#open.delete(end);
    });
    settled.catch(() => undefined); // told by whoever waits
    return { ended: settled, end };
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

/** A question changes nothing, so one whose answer broke off may be asked again. */
async function twice<T>(work: () => Promise<T>, mayRepeat: () => boolean): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!hasCode(error, "EW_DAEMON_DIED") || !mayRepeat()) throw error;
    return await work().catch((second: unknown) => {
      throw hasCode(second, "EW_DAEMON_NOT_RUNNING") ? error : second;
    });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof EverwarpError && error.code === code;
}

function closedError(): EverwarpError {
  return new EverwarpError("EW_CLOSED", "the engine was closed", { remedy: "Connect again." });
}
