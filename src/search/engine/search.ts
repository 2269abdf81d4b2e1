/**
 * One query in flight.
 *
 *   in line ──room in the queue──▶ asked ──the backend answers──▶ host pass ──▶ result
 *                                    └── nothing is left for the host: at once ──▶ ┘
 *
 * Invariants: a result is made once, by whoever first sees that everything is there; after an error every later call throws it again,
 * except EW_TIMEOUT, after which the search goes on.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { milliseconds, nowMs, EverwarpError } from "../../base/index.ts";
import type { BackendTicket } from "../backend/index.ts";
import type { HitList } from "../contracts.ts";
import { SearchResult } from "./search-result.ts";
import type { EngineCorpus, ExceptionProbe } from "./engine-corpus.ts";
import { BackendHits } from "./hit-source.ts";
import { HostPass } from "./host-pass.ts";
import type { PreparedQuery } from "./query.ts";

/** How long the host searches before the event loop has its turn. */
const SLICE_MS = 8;
/** How long a look at `done` may take. */
const LOOK_MS = 1;

const NOTHING_CHANGED: ReadonlyMap<number, undefined> = new Map<number, undefined>();
const NO_HITS: HitList & { truncated: boolean } = {
  count: 0,
  truncated: false,
  file: new Uint32Array(0),
  line: new Uint32Array(0),
  column: new Uint32Array(0),
  offset: new Float64Array(0),
  length: new Uint32Array(0),
};

/** What a search needs of its engine. */
export interface SearchHost {
  /** Sends what waits in line, as far as there is room. */
  sendWaiting(): void;
  /** @throws EW_CLOSED */
  assertOpen(): void;
}

export class Search {
  readonly #host: SearchHost;
  readonly #corpus: EngineCorpus;
  #query: PreparedQuery;
  readonly #maxHits: number;
  readonly #submittedMs = nowMs();
  #ticket: BackendTicket | undefined;
  #probe: ExceptionProbe | undefined;
  #isInLine = false;
  #answeredMs = 0;
  #pass: HostPass | undefined;
  #verifyMs = 0;
  #result: SearchResult | undefined;
  #failure: unknown;

  /** @internal For the engine. */
  constructor(host: SearchHost, corpus: EngineCorpus, query: PreparedQuery, maxHits: number) {
    this.#host = host;
    this.#corpus = corpus;
    this.#query = query;
    this.#maxHits = maxHits;
  }

  /** @internal For the engine: it was sent, as this query. */
  sent(query: PreparedQuery, ticket: BackendTicket | undefined, probe: ExceptionProbe | undefined): void {
    this.#isInLine = false;
    this.#query = query;
    this.#ticket = ticket;
    this.#probe = probe;
  }

  /** @internal For the engine: there is no room yet. */
  keepInLine(): void {
    this.#isInLine = true;
  }

  /** @internal For the engine: it cannot be sent, or no answer will come. */
  fail(error: unknown): void {
    this.#isInLine = false;
    this.#failure ??= error;
  }

  /**
   * Is the result there? A poll that takes a millisecond at most; where the host has work to do, some of it is done.
   * @throws as `wait`
   */
  get done(): boolean {
    if (this.#result !== undefined) return true;
    return this.#guard(() => {
      if (this.#isInLine) this.#host.sendWaiting();
      if (this.#isInLine || this.#ticket?.done === false || this.#probe?.done === false) return false;
      return this.#advance(nowMs() + LOOK_MS, nowMs() + LOOK_MS);
    });
  }

  /**
   * Blocks until the result is there. For answers that come in microseconds; everything else of the process waits meanwhile.
   * @param timeoutMs milliseconds; what the host is at is finished beyond it (one file), not begun anew
   * @throws EW_TIMEOUT when the time was over first (the search goes on), EW_DEVICE_LOST, EW_WORKER_DIED, EW_CLOSED, EW_CORPUS_UNKNOWN
   */
  waitSync(timeoutMs: number): SearchResult {
    milliseconds("timeoutMs", timeoutMs);
    if (this.#result !== undefined) return this.#result;
    return this.#guard(() => {
      const ticket = this.#ticket;
      if (ticket !== undefined && this.#probe === undefined) {
        if (!ticket.waitSync(timeoutMs)) this.#throwTimeout(timeoutMs);
        if (this.#advance(0, 0)) return this.#result as SearchResult;
      }
      return this.#waitLong(timeoutMs);
    });
  }

  /** Resolves when the result is there. @throws EW_DEVICE_LOST, EW_WORKER_DIED, EW_CLOSED, EW_CORPUS_UNKNOWN */
  async wait(): Promise<SearchResult> {
    if (this.#result !== undefined) return this.#result;
    try {
      const beginMs = nowMs();
      this.#throwFailure();
      while (this.#isInLine) {
        this.#host.sendWaiting();
        if (this.#isInLine) await (nowMs() - beginMs < SLICE_MS ? turn() : sleep(1));
        this.#throwFailure();
      }
      await this.#ticket?.wait();
      await this.#probe?.wait();
      while (!this.#advance(nowMs() + SLICE_MS, Infinity)) await turn();
      return this.#result as unknown as SearchResult;
    } catch (error) {
      this.#failure ??= error;
      throw this.#failure;
    }
  }

  #waitLong(timeoutMs: number): SearchResult {
    const endMs = nowMs() + timeoutMs;
    const left = (): number => Math.max(0, endMs - nowMs());
    while (this.#isInLine) {
      this.#host.sendWaiting();
      this.#throwFailure();
      if (this.#isInLine && left() === 0) this.#throwTimeout(timeoutMs);
    }
    if (this.#ticket?.waitSync(left()) === false) this.#throwTimeout(timeoutMs);
    if (this.#probe?.waitSync(left()) === false) this.#throwTimeout(timeoutMs);
    if (!this.#advance(endMs, endMs)) this.#throwTimeout(timeoutMs);
    return this.#result as SearchResult;
  }

  /** The backend has answered: does what is left. @returns true when the result is there */
  #advance(sliceEndMs: number, deadlineMs: number): boolean {
    if (this.#result !== undefined) return true;
    const beginMs = nowMs();
    if (this.#answeredMs === 0) this.#answeredMs = beginMs;
    if (this.#pass === undefined) {
      this.#throwFailure();
      const hits = this.#hitsAtOnce();
      if (hits !== undefined) {
        this.#finish(hits);
        return true;
      }
    }
    if (this.#pass === undefined) {
      const raw = this.#ticket?.result();
      this.#pass = new HostPass(this.#corpus, this.#query, raw, this.#probe?.files() ?? [], this.#maxHits);
    }
    this.#host.assertOpen();
    this.#corpus.assertHeld();
    const isDone = this.#pass.step(sliceEndMs, deadlineMs);
    this.#verifyMs += nowMs() - beginMs;
    if (isDone) this.#finish(this.#pass.list());
    return isDone;
  }

  /** The hits, where the host has nothing to do. */
  #hitsAtOnce(): (HitList & { truncated: boolean }) | undefined {
    const { plan } = this.#query;
    if (plan.kind === "nothing") return NO_HITS;
    if (plan.kind !== "literals" || this.#corpus.streamed.length > 0) return undefined;
    if (this.#probe !== undefined && this.#probe.files().length > 0) return undefined;
    const ticket = this.#ticket as BackendTicket;
    return new BackendHits(ticket.result(), this.#query, this.#corpus, this.#maxHits);
  }

  #finish(hits: HitList & { truncated: boolean }): void {
    this.#result = new SearchResult({
      corpus: this.#corpus,
      hits,
      changed: this.#pass?.changed ?? NOTHING_CHANGED,
      skipped: this.#pass?.skipped ?? [],
      roundTripUs: this.#ticket === undefined ? 0 : (this.#answeredMs - this.#submittedMs) * 1000,
      verifyUs: this.#verifyMs * 1000,
    });
    this.#pass = undefined;
    this.#ticket = undefined;
  }

  /** Runs a step; what it throws is thrown by all later ones too. */
  #guard<T>(step: () => T): T {
    this.#throwFailure();
    try {
      return step();
    } catch (error) {
      if (!(error instanceof EverwarpError && error.code === "EW_TIMEOUT")) this.#failure ??= error;
      throw error;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #throwTimeout(timeoutMs: number): never {
    throw new EverwarpError("EW_TIMEOUT", `the search was not answered within ${timeoutMs} ms`, {
      remedy: "Allow more time, or await wait(): the search goes on.",
    });
  }
}
