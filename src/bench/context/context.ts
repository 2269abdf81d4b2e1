/** What every case is given: what the user asked for, where rows go, and how long it may take. */
import { EverwarpError } from "../../base/index.ts";
import type { StrategyName } from "../../residency/index.ts";
import { type MeasuredRow, type RowKey, summarize, type Reporter } from "../report/index.ts";
import type { GeneratedCorpora } from "../corpora/index.ts";
import { type Limits, share, skip } from "../measure/index.ts";

export interface BenchOptions {
  /** auto, cpu, gpu, a part of a name, or an index. */
  readonly device: string;
  readonly strategy: StrategyName | undefined;
  /** Samples of every row, exactly; undefined lets each row take what its time allows. */
  readonly rounds: number | undefined;
  /** Requests of residency/dispatches; a million on a GPU if not given. */
  readonly requests: number | undefined;
  /** Entries of the tree that paths generates; a million if not given. */
  readonly entries: number | undefined;
  /** How long a soak goes on. */
  readonly minutes: number | undefined;
  /** What a soak's choices follow from. */
  readonly seed: number | undefined;
  /** The tree of search/tree, or of paths. */
  readonly tree: string | undefined;
  /** Patterns of search/tree that replace its own, by kind of query. */
  readonly patterns: ReadonlyMap<string, string>;
}

export interface BenchContext {
  readonly caseName: string;
  readonly options: BenchOptions;
  readonly reporter: Reporter;
  readonly corpora: GeneratedCorpora;
  /** Aborted when the user ends the run. */
  readonly signal: AbortSignal;
  /** When the case must be over, on the clock of performance.now(). */
  readonly deadlineMs: number;
}

export interface BenchCase {
  readonly name: string;
  readonly summary: string;
  /** Rows that are not begun after so long are skipped. */
  readonly limitMs: number;
  run(context: BenchContext): Promise<void>;
}

/** Codes of errors that mean: this machine cannot try it. All others are failures. */
const NOT_HERE: ReadonlySet<string> = new Set([
  "EW_NO_VULKAN",
  "EW_NO_DEVICE",
  "EW_DEVICE_FORBIDDEN",
  "EW_DRIVER_TOO_OLD",
  "EW_STRATEGY_UNSUPPORTED",
  "EW_CORPUS_TOO_LARGE",
  "EW_OUT_OF_DEVICE_MEMORY",
  "EW_OUT_OF_HOST_MEMORY",
  "EW_BENCH_SKIPPED",
]);

export function assertTimeLeft({ deadlineMs, caseName }: BenchContext): void {
  if (performance.now() > deadlineMs) throw skip(`the time of ${caseName} is over`);
}

/** Reports an error as the row it stands in the place of. @throws it again where it ends the run */
export function reportError({ reporter, signal }: BenchContext, key: RowKey, error: unknown): void {
  signal.throwIfAborted();
  if (!(error instanceof EverwarpError)) throw error;
  const state = NOT_HERE.has(error.code) ? "skipped" : "failed";
  reporter.add({
    ...key,
    state,
    reason: error.code === "EW_BENCH_SKIPPED" ? error.message : `${error.message} [${error.code}]`,
  });
}

export interface RowDetails {
  readonly expected: string;
  /** Bytes that one sample goes over. */
  readonly bytes?: number;
  /** Requests that one sample answers. */
  readonly requests?: number;
  readonly facts?: MeasuredRow["facts"];
  /** More samples follow. */
  readonly isDraft?: boolean;
}

/** Reports a row's samples. */
export function reportSamples(
  { reporter }: BenchContext,
  key: RowKey,
  samplesUs: readonly number[],
  { expected, bytes, requests, facts = {}, isDraft = false }: RowDetails,
): MeasuredRow {
  const timing = summarize(samplesUs);
  const perSecond = (count: number): number => Math.round((count * 1e6) / timing.p50Us);
  const row: MeasuredRow = {
    ...key,
    state: "measured",
    expected,
    timing,
    ...(bytes === undefined ? {} : { throughput: { value: perSecond(bytes), unit: "bytes/s" } }),
    ...(requests === undefined ? {} : { throughput: { value: perSecond(requests), unit: "requests/s" } }),
    facts,
  };
  reporter.add(row, isDraft);
  return row;
}

/**
 * How much a row is sampled in one of its turns.
 * @param budgetMs for all turns together
 */
export function limitsOf(
  { options: { rounds } }: BenchContext,
  wanted: { samplesMin?: number; samplesMax: number; budgetMs: number },
  turnIndex = 0,
  turnCount = 1,
): Limits {
  const { samplesMin = 20, samplesMax, budgetMs } = wanted;
  if (rounds !== undefined) {
    const count = share(rounds, turnIndex, turnCount);
    return { samplesMin: count, samplesMax: count, budgetMs: Infinity, giveUpMs: Infinity, warmupMax: 1 };
  }
  return {
    samplesMin: share(samplesMin, turnIndex, turnCount),
    samplesMax: share(samplesMax, turnIndex, turnCount),
    budgetMs: budgetMs / turnCount,
    giveUpMs: (2 * budgetMs) / turnCount,
    warmupMax: 200,
  };
}
