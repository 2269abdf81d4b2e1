/** What every case gets: the user's options, where rows go, and how long the case may take. */
import { EverwarpError } from "../../base/index.ts";
import type { StrategyName } from "../../residency/index.ts";
import { type MeasuredRow, type RowKey, summarize, type Reporter } from "../report/index.ts";
import type { GeneratedCorpora } from "../corpora/index.ts";
import { type Limits, share, skip } from "../measure/index.ts";

/** The user's options. */
export interface BenchOptions {
  /** auto, cpu, gpu, a part of a name, or an index. */
  readonly device: string;
  readonly strategy: StrategyName | undefined;
  /** Exact number of samples of every row. Undefined: as many as a row's time allows. */
  readonly rounds: number | undefined;
  /** Requests of residency/dispatches. Default on a GPU: one million. */
  readonly requests: number | undefined;
  /** Entries of the tree that `paths` generates. Default: one million. */
  readonly entries: number | undefined;
  /** Instances of wasm/programs and wasm/coremark. Default: as many as suit the device. */
  readonly instances: number | undefined;
  /** Length of a soak. */
  readonly minutes: number | undefined;
  /** The seed of a soak's random choices. */
  readonly seed: number | undefined;
  /** The tree of search/tree, of search/queries, or of paths. */
  readonly tree: string | undefined;
  /** Patterns of search/tree that replace its own, by kind of query. */
  readonly patterns: ReadonlyMap<string, string>;
  /** Of search/queries, only those whose kind or name has one of these texts. Empty: all. */
  readonly only: readonly string[];
}

/** What a case runs with. */
export interface BenchContext {
  readonly caseName: string;
  readonly options: BenchOptions;
  readonly reporter: Reporter;
  readonly corpora: GeneratedCorpora;
  /** Aborted when the user ends the run. */
  readonly signal: AbortSignal;
  /** End of the case's time, on the clock of performance.now(). */
  readonly deadlineMs: number;
}

/** A benchmark. */
export interface BenchCase {
  readonly name: string;
  readonly summary: string;
  /** Rows that have not begun after this time are skipped. */
  readonly limitMs: number;
  run(context: BenchContext): Promise<void>;
}

/** Codes of errors that mean: this machine cannot measure that. All other errors are failures. */
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

/** Skips what follows if the case's time is over. @throws EW_BENCH_SKIPPED */
export function assertTimeLeft({ deadlineMs, caseName }: BenchContext): void {
  if (performance.now() > deadlineMs) throw skip(`the time of ${caseName} is over`);
}

/** Reports an error in the place of a row. @throws the error again if it ends the run */
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

/** What a row says beside its times. */
export interface RowDetails {
  readonly expected: string;
  /** Bytes that one sample covers. */
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
 * The limits of one turn of a row.
 * @param budgetMs time for all turns together
 */
export function limitsOf(
  { options: { rounds } }: BenchContext,
  wanted: { minSamples?: number; maxSamples: number; budgetMs: number },
  turnIndex = 0,
  turnCount = 1,
): Limits {
  const { minSamples = 20, maxSamples, budgetMs } = wanted;
  if (rounds !== undefined) {
    const count = share(rounds, turnIndex, turnCount);
    return { minSamples: count, maxSamples: count, budgetMs: Infinity, giveUpMs: Infinity, maxWarmup: 1 };
  }
  return {
    minSamples: share(minSamples, turnIndex, turnCount),
    maxSamples: share(maxSamples, turnIndex, turnCount),
    budgetMs: budgetMs / turnCount,
    giveUpMs: (2 * budgetMs) / turnCount,
    maxWarmup: 200,
  };
}
