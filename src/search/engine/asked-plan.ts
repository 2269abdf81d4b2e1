/**
 * A plan as a backend was asked to carry it out.
 *
 * Two things are handled here, for the engine and for the command line, and nowhere else:
 * - A literal that is too long for the backend is cut, and the plan becomes a filter.
 * - Files in which letters fold beyond ASCII are found: the hits in them say nothing.
 */
import { EverwarpError } from "../../base/index.ts";
import { type BackendTicket, operationOf, type RawHits, type SubmitOptions } from "../backend/index.ts";
import type { Plan } from "../contracts.ts";
import type { EngineCorpus } from "./engine-corpus.ts";
import type { ExceptionProbe } from "./exception-probe.ts";
import type { PreparedPlan } from "./prepared-plan.ts";

const NO_FILES: readonly number[] = [];

/** How much of an answer is wanted. */
export interface AskOptions {
  /** Lines and columns will be wanted. */
  readonly isLocated?: boolean;
  /** Only the count of hits is wanted. */
  readonly isCountOnly?: boolean;
  /** So many hits are enough. */
  readonly maxHits?: number;
  /** With more hits than these, the answer is of no use: the backend stops. Default: none are too many. */
  readonly tooManyHits?: number | undefined;
}

/** What a backend was asked, and its answer. */
export class AskedPlan {
  /** The plan that was asked: with shorter literals where those of the caller's plan were too long. */
  readonly prepared: PreparedPlan;
  /** The backend was asked for the count alone. */
  readonly isCountOnly: boolean;
  readonly #ticket: BackendTicket | undefined;
  readonly #probe: ExceptionProbe | undefined;
  readonly #tooManyHits: number;

  private constructor(
    prepared: PreparedPlan,
    ticket: BackendTicket | undefined,
    probe: ExceptionProbe | undefined,
    { isCountOnly = false, tooManyHits = Infinity }: AskOptions = {},
  ) {
    this.prepared = prepared;
    this.isCountOnly = isCountOnly;
    this.#tooManyHits = tooManyHits;
    this.#ticket = ticket;
    this.#probe = probe;
  }

  /**
   * Asks. Returns at once.
   * @throws EW_QUEUE_FULL, EW_CORPUS_UNKNOWN, EW_CLOSED, EW_WORKER_DIED, EW_DEVICE_LOST
   */
  static ask(corpus: EngineCorpus, prepared: PreparedPlan, options: AskOptions): AskedPlan {
    if (prepared.isLong) return AskedPlan.ask(corpus, prepared.shortened, { ...options, isLocated: true });
    const { plan } = prepared;
    if (operationOf(plan) === undefined) return new AskedPlan(prepared, undefined, undefined);
    try {
      const runs = foldExceptionsOf(plan);
      const probe = runs.length > 0 ? corpus.probe(runs) : undefined;
      const asked = submitOptions(corpus, prepared, options);
      const ticket = corpus.backend.submit(plan, asked);
      return new AskedPlan(prepared, ticket, probe, { ...options, isCountOnly: asked.countOnly === true });
    } catch (error) {
      const { shortened } = prepared;
      const isTooLarge = error instanceof EverwarpError && error.code === "EW_REQUEST_TOO_LARGE";
      if (!isTooLarge || shortened === prepared) throw error;
      return AskedPlan.ask(corpus, shortened, { ...options, isLocated: true });
    }
  }

  /** The plan that was asked. */
  get plan(): Plan {
    return this.prepared.plan;
  }

  /** Has the backend anything to look for? */
  get isAsked(): boolean {
    return this.#ticket !== undefined;
  }

  /** Is the answer there? A cheap poll. @throws as `wait` */
  get done(): boolean {
    return this.#ticket?.done !== false && this.#probe?.done !== false;
  }

  /** Blocks until the answer is there. @returns false when the time was over first @throws as `wait` */
  waitSync(timeoutMs: number): boolean {
    if (this.#probe === undefined) return this.#ticket?.waitSync(timeoutMs) ?? true;
    const beginMs = performance.now();
    if (this.#ticket?.waitSync(timeoutMs) === false) return false;
    return this.#probe.waitSync(Math.max(0, timeoutMs - (performance.now() - beginMs)));
  }

  /** Resolves when the answer is there. @throws EW_DEVICE_LOST, EW_WORKER_DIED, EW_CLOSED */
  async wait(): Promise<void> {
    await this.#ticket?.wait();
    await this.#probe?.wait();
  }

  /** The hits; undefined where the plan has nothing to look for. @throws EW_TIMEOUT before they are there */
  hits(): RawHits | undefined {
    return this.#ticket?.result();
  }

  /** Files in which the hits say nothing, so that they must be searched whole. Indexes, ascending. */
  exceptions(): readonly number[] {
    return this.#probe?.files() ?? NO_FILES;
  }

  /** Has the backend decided every line of what it holds? To be asked when the answer is there. */
  get isDecided(): boolean {
    const { kind } = this.plan;
    if (kind === "automaton" || kind === "lines") return this.hits()?.undecided.count === 0;
    return kind === "literals" && this.exceptions().length === 0;
  }

  /** Are there more hits than can be used? To be asked when the answer is there. */
  get hasTooManyHits(): boolean {
    const isOfLines = this.plan.kind === "lines";
    if (this.#tooManyHits === Infinity && !isOfLines) return false;
    const hits = this.hits();
    if (hits === undefined) return false;
    return isOfLines
      ? hits.truncated || hits.undecided.count > this.#tooManyHits
      : hits.count > this.#tooManyHits;
  }

  /** Nobody wants the answer any more. */
  cancel(): void {
    this.#ticket?.cancel(); // the probe is the corpus's: other searches may wait for it
  }
}

const NO_RUNS: readonly Uint8Array[] = [];

/** Byte runs of letters that fold to ASCII letters, where the plan ignores case. */
function foldExceptionsOf(plan: Plan): readonly Uint8Array[] {
  return plan.kind === "literals" || plan.kind === "filter" ? plan.foldExceptions : NO_RUNS;
}

/** The backend may stop early, and only count, where each of its hits is a hit. */
export function mayStopEarly(corpus: EngineCorpus, prepared: PreparedPlan): boolean {
  const { plan } = prepared;
  if (corpus.streamed.length > 0 || !prepared.isEachHit) return false;
  if (plan.kind !== "literals") return plan.kind === "automaton";
  const isExact = plan.foldExceptions.length === 0 || corpus.hasNoneOf(plan.foldExceptions);
  return isExact && !(corpus.hasMarks && prepared.mayBeginInMark);
}

/** One hit more than is wanted, or than can be used, shows that there are more. */
function submitOptions(
  corpus: EngineCorpus,
  prepared: PreparedPlan,
  { isLocated = false, isCountOnly = false, maxHits = Infinity, tooManyHits = Infinity }: AskOptions,
): SubmitOptions {
  const { plan } = prepared;
  // Lines to be verified are found by their places.
  const options = isLocated || plan.kind !== "literals" ? corpus.located : corpus.counted;
  const stopsEarly = (maxHits !== Infinity || isCountOnly) && mayStopEarly(corpus, prepared);
  const limit = Math.min(tooManyHits, stopsEarly ? maxHits : Infinity);
  if (!stopsEarly && limit === Infinity) return options;
  return {
    ...(stopsEarly && isCountOnly ? { ...corpus.counted, countOnly: true } : options),
    ...(limit === Infinity ? {} : { maxHits: limit + 1 }),
  };
}
