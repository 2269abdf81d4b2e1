/**
 * The result of `everwarp bench`: one document, the same on the screen, in --json and in a record's raw.json.
 *
 *     document ── environment (machine, devices)
 *              └─ rows: one per case, subject (what was asked) and contender (who answered)
 */

/** Version of the document's shape; bench/METHODOLOGY.md describes it. */
export const DOCUMENT_VERSION = 1;

/** Times of all samples of a row, microseconds. */
export interface Timing {
  readonly sampleCount: number;
  readonly minUs: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  readonly meanUs: number;
  /** The samples' distribution: 21 quantiles from 0 to 1 in steps of 0.05. */
  readonly quantilesUs: readonly number[];
}

/** What a row processes per second, at its median. */
export interface Throughput {
  readonly value: number;
  /** `bytes`: bytes of the corpus per second; `requests`: answers per second. Both at the median. */
  readonly unit: "bytes/s" | "requests/s";
}

/** Identifies a row. */
export interface RowKey {
  readonly case: string;
  /** What was asked: "7 MiB, rare". */
  readonly subject: string;
  /** Who answered: "persistent", "host", "rg". */
  readonly contender: string;
}

/** A row with times. */
export interface MeasuredRow extends RowKey {
  readonly state: "measured";
  /** The result that every sample was checked against. */
  readonly expected: string;
  readonly timing: Timing;
  readonly throughput?: Throughput;
  /** Facts that belong to the row: workgroups, sizes, ratios. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** A row without times. */
export interface UnmeasuredRow extends RowKey {
  /** `failed`: a wrong result or an error. Such a row has no number. `skipped`: it could not be measured here. */
  readonly state: "failed" | "skipped";
  readonly reason: string;
}

/** A row of the document. */
export type Row = MeasuredRow | UnmeasuredRow;

/** What the rows of a contender say together. */
export interface Summary {
  readonly case: string;
  readonly contender: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** The document of one run. */
export interface BenchDocument {
  readonly format: "everwarp-bench";
  readonly version: typeof DOCUMENT_VERSION;
  /** False during the run, and forever if it was interrupted. */
  readonly isComplete: boolean;
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly arguments: readonly string[];
  readonly environment: object;
  readonly rows: readonly Row[];
  /** What the times of a case are, where the columns do not say it, by case. Cases without such a note have none. */
  readonly notes?: Readonly<Record<string, string>>;
  readonly summaries?: readonly Summary[];
}

const QUANTILE_STEPS = 20;

/**
 * Sorts samples and computes the reported values. Quantiles are nearest-rank: each is a measured time.
 * @param samplesUs at least one sample
 */
export function summarize(samplesUs: readonly number[]): Timing {
  const sorted = Float64Array.from(samplesUs).sort();
  const at = (part: number): number =>
    rounded(sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] as number);
  return {
    sampleCount: sorted.length,
    minUs: at(0),
    p50Us: at(0.5),
    p90Us: at(0.9),
    p99Us: at(0.99),
    maxUs: at(1),
    meanUs: rounded(sorted.reduce((sum, value) => sum + value, 0) / sorted.length),
    quantilesUs: Array.from({ length: QUANTILE_STEPS + 1 }, (_, step) => at(step / QUANTILE_STEPS)),
  };
}

/** The clock's resolution is a nanosecond. */
function rounded(valueUs: number): number {
  return Math.round(valueUs * 1000) / 1000;
}
