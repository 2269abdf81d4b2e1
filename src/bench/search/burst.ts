/** `search/burst`: a hundred different queries on 7 MiB, all submitted, then all awaited. */
import type { BenchCase } from "../context/index.ts";
import { BURST_COUNT } from "../corpora/index.ts";
import { measureTargets } from "./generated.ts";
import { queryContender } from "./queries.ts";

const SIZE_BYTES = 7 << 20;

/** The case `search/burst`. */
export const searchBurst: BenchCase = {
  name: "search/burst",
  summary: "100 different queries on 7 MiB, all in flight at once: the time for all",
  limitMs: 10_000,
  async run(context) {
    const generated = await context.corpora.ofSize(SIZE_BYTES);
    const subject = {
      name: `${BURST_COUNT} queries, 7 MiB`,
      details: {
        expected: `${generated.burst.reduce((sum, { hits }) => sum + hits, 0)} hits in all`,
        requests: BURST_COUNT,
      },
      contender: (loaded: Parameters<typeof queryContender>[0]) =>
        queryContender(loaded, generated.burst, generated.corpus, "all at once"),
    };
    await measureTargets(context, generated, [subject], { maxSamples: 2000, budgetMs: 1500 });
  },
};
