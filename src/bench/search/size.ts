/** `search/size`: three kinds of literal on corpora of five sizes. */
import os from "node:os";
import { type BenchCase, type BenchContext, assertTimeLeft, reportError } from "../context/index.ts";
import { skip } from "../measure/index.ts";
import type { KnownQuery } from "../corpora/index.ts";
import { measureTargets, sizeText, type Subject } from "./generated.ts";
import { queryContender } from "./queries.ts";
import { targetPlans } from "./targets.ts";

const MIB = 1 << 20;
const SIZES_BYTES = [MIB / 16, 7 * MIB, 64 * MIB, 256 * MIB, 1024 * MIB];
/** A query that would take longer is skipped, because the row would say nothing new. */
const QUERY_MS_MAX = 500;
/** The corpus's files and the host engine's copy. */
const MEMORY_PER_BYTE = 2.5;

/** The case `search/size`. */
export const searchSize: BenchCase = {
  name: "search/size",
  summary: "a literal on generated corpora of 64 KiB to 1 GiB: resident, dispatch, host",
  limitMs: 60_000,
  async run(context) {
    /** The slowest median of the size before, by target, µs. */
    let slowest = new Map<string, number>();
    let sizeBefore = 0;
    for (const sizeBytes of SIZES_BYTES) {
      const growth = sizeBytes / Math.max(sizeBefore, MIB);
      const medians = await measureSize(context, sizeBytes, (label) => {
        const expectedMs = ((slowest.get(label) ?? 0) * growth) / 1000;
        if (sizeBefore > 0 && !slowest.has(label))
          return skip(`${sizeText(sizeBefore)} was not measured either`);
        return expectedMs > QUERY_MS_MAX
          ? skip(`a query would take some ${Math.round(expectedMs)} ms`)
          : undefined;
      });
      slowest = new Map([...medians].map(([label, values]) => [label, Math.max(...values)]));
      sizeBefore = sizeBytes;
    }
  },
};

async function measureSize(
  context: BenchContext,
  sizeBytes: number,
  whyNot: (label: string) => unknown,
): Promise<Map<string, number[]>> {
  const key = { case: context.caseName, subject: sizeText(sizeBytes), contender: "all" };
  try {
    assertTimeLeft(context);
    if (targetPlans(context.options).every(({ label }) => whyNot(label) !== undefined)) {
      throw skip("every contender is too slow for this size or could not be opened");
    }
    if (os.freemem() < MEMORY_PER_BYTE * sizeBytes)
      throw skip(`only ${sizeText(os.freemem() - (os.freemem() % MIB))} of memory are free`);
    const generated = await context.corpora.ofSize(sizeBytes);
    const subject = (name: string, query: KnownQuery): Subject => ({
      name: `${sizeText(sizeBytes)}, ${name}`,
      details: { expected: `${query.hits} hits`, bytes: sizeBytes, facts: { hits: query.hits } },
      contender: (loaded) => queryContender(loaded, [query], generated.corpus, "one by one"),
    });
    const subjects = [
      subject("one hit", generated.rare),
      subject("40 hits", generated.tens),
      subject("ignore-case", generated.ignoreCase),
    ];
    return await measureTargets(
      context,
      generated,
      subjects,
      { maxSamples: 4000, budgetMs: 700 },
      ({ label }) => whyNot(label),
    );
  } catch (error) {
    reportError(context, key, error);
    return new Map();
  } finally {
    // The others use the small ones again.
    if (sizeBytes > 7 * MIB) context.corpora.drop(sizeBytes);
  }
}
