/** Queries as contenders, and the check of what they find. */
import { readFileSync } from "node:fs";
import type { Corpus } from "../../search/index.ts";
import type { KnownQuery } from "../corpora/index.ts";
import { type Contender, expectResult } from "../measure/index.ts";
import type { Answer, LoadedTarget } from "./targets.ts";

/** Far longer than any answer that is worth measuring. */
export const ANSWER_TIMEOUT_MS = 30_000;

/** How the queries of a round follow each other: one is answered before the next is sent, or all are sent first. */
export type Order = "one by one" | "all at once";

/** Sends all queries in each round and checks each answer: the count every time, the hits the first time. */
export function queryContender(
  loaded: LoadedTarget,
  queries: readonly KnownQuery[],
  corpus: Corpus,
  order: Order,
): Contender {
  let answers: Answer[] = [];
  let isFirst = true;
  return {
    run:
      order === "one by one"
        ? () => void (answers = queries.map((query) => loaded.submit(query).take(ANSWER_TIMEOUT_MS)))
        : () =>
            void (answers = queries
              .map((query) => loaded.submit(query))
              .map((pending) => pending.take(ANSWER_TIMEOUT_MS))),
    check() {
      for (const [index, query] of queries.entries()) {
        const answer = answers[index] as Answer;
        checkCount(query, answer);
        if (isFirst) checkHits(query, answer, corpus);
      }
      isFirst = false;
    },
  };
}

/** @throws EW_BENCH_WRONG_RESULT */
function checkCount(
  { pattern, hits, maxHits = Infinity }: KnownQuery,
  { count, truncated, decodedCount }: Answer,
): void {
  expectResult(`columns of "${pattern}" decoded`, decodedCount, 3 * count);
  if (hits <= maxHits) return expectResult(`hits of "${pattern}"`, count, hits);
  expectResult(`"${pattern}" says that it has more hits than the ${maxHits} asked for`, truncated, true);
  expectResult(`"${pattern}" has at least ${maxHits} hits`, count >= maxHits, true);
}

/** Checks that the text is at each hit, and that no hit comes twice. @throws EW_BENCH_WRONG_RESULT */
function checkHits({ pattern, ignoreCase }: KnownQuery, answer: Answer, corpus: Corpus): void {
  const seen = new Set<string>();
  const offsets = answer.offset();
  const wanted = ignoreCase ? pattern.toLowerCase() : pattern;
  let bytes = Buffer.alloc(0);
  let file = -1;
  for (let index = 0; index < answer.count; index++) {
    const offset = offsets[index] as number;
    if (answer.file[index] !== file) {
      file = answer.file[index] as number;
      bytes = readFileSync(corpus.files.openPath(file));
    }
    const found = bytes.toString("latin1", offset, offset + pattern.length);
    const place = `${corpus.files.path(file)} at byte ${offset}`;
    expectResult(`the text in ${place}`, ignoreCase ? found.toLowerCase() : found, wanted);
    expectResult(`"${pattern}" is found twice in ${place}`, seen.has(place), false);
    seen.add(place);
  }
}
