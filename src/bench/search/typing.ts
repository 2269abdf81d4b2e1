/** `search/typing`: a word typed key by key, one query a key, each answered before the next key. */
import type { BenchCase } from "../context/index.ts";
import { measureTargets } from "./generated.ts";
import { queryContender } from "./queries.ts";

const SIZE_BYTES = 7 << 20;
/** Number of lines in a list below an input field. */
const MAX_HITS = 20;

/** The case `search/typing`. */
export const searchTyping: BenchCase = {
  name: "search/typing",
  summary: "a ten-letter word key by key on 7 MiB, up to 20 hits a key: the time for all keys",
  limitMs: 10_000,
  async run(context) {
    const generated = await context.corpora.ofSize(SIZE_BYTES);
    const queries = generated.typing().map((query) => ({ ...query, maxHits: MAX_HITS }));
    const subject = {
      name: `${queries.length} keys, 7 MiB`,
      details: {
        expected: `${queries.map(({ hits }) => hits).join(", ")} hits, ${MAX_HITS} of them delivered`,
        requests: queries.length,
      },
      contender: (loaded: Parameters<typeof queryContender>[0]) =>
        queryContender(loaded, queries, generated.corpus, "one by one"),
    };
    await measureTargets(context, generated, [subject], { maxSamples: 2000, budgetMs: 1500 });
  },
};
