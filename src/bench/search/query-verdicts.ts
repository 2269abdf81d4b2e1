/** How often an engine was faster than ripgrep, over all queries. */

/** Ratios that are counted: how many queries reach them. */
const RATIOS = [0.8, 1, 3, 20] as const;

/** What is said of one contender. */
export interface VerdictSummary {
  readonly contender: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

interface Verdict {
  readonly query: string;
  /** How many times as fast as ripgrep. */
  readonly ratio: number;
}

/** Collects the ratios of the contenders. */
export class QueryVerdicts {
  readonly #verdicts = new Map<string, Verdict[]>();
  readonly #failures = new Map<string, number>();

  /** A query was answered, `ratio` times as fast as by ripgrep. */
  add(contender: string, query: string, ratio: number): void {
    const verdicts = this.#verdicts.get(contender) ?? [];
    verdicts.push({ query, ratio });
    this.#verdicts.set(contender, verdicts);
  }

  /** A query was not answered, or not rightly. */
  addFailure(contender: string): void {
    this.#failures.set(contender, (this.#failures.get(contender) ?? 0) + 1);
  }

  /** One for each contender. */
  summaries(): VerdictSummary[] {
    return [...new Set([...this.#verdicts.keys(), ...this.#failures.keys()])].map((contender) => ({
      contender,
      facts: this.#factsOf(contender),
    }));
  }

  #factsOf(contender: string): VerdictSummary["facts"] {
    const verdicts = this.#verdicts.get(contender) ?? [];
    const slowest = verdicts.toSorted((a, b) => a.ratio - b.ratio)[0];
    const reached = RATIOS.map((ratio) => [
      ratio < 1 ? `at least ${ratio} of rg's speed` : `at least ${ratio}× rg's speed`,
      verdicts.filter((verdict) => verdict.ratio >= ratio).length,
    ]);
    return {
      queries: verdicts.length,
      ...(Object.fromEntries(reached) as Record<string, number>),
      ...(slowest === undefined ? {} : { slowest: slowest.ratio.toFixed(2), "slowest query": slowest.query }),
      failed: this.#failures.get(contender) ?? 0,
    };
  }
}
