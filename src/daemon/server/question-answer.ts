/** Answers the questions of programs. */
import { hearAbort } from "../../base/index.ts";
import { encodeHits, type HitsReport, treeReport, treeScope, type TreeScope } from "../hits/index.ts";
import { FRAME, type Question } from "../protocol/index.ts";
import type { TextQuery } from "../../search/index.ts";
import type { Answer } from "./answer.ts";
import type { ServedTrees } from "./search-service.ts";

/**
 * Sends the answer to a question, all but its last frame.
 * @param signal aborted when nobody waits for the answer any more
 * @returns the exit code: 0
 * @throws what the trees throw
 */
export async function answerQuestion(
  { kind, paths, options, cwd, env, query }: Question,
  trees: ServedTrees,
  answer: Answer,
  signal: AbortSignal,
): Promise<number> {
  const scope = treeScope(paths, options, cwd, env);
  const { finder } = trees;
  if (kind === "load") answer.tell(treeReport(trees.engine, await finder.load(scope)));
  else if (kind === "state") answer.tell(treeReport(trees.engine, finder.state(scope)));
  else if (kind === "changes") await tellChanges(trees, scope, answer, signal);
  else if (kind === "count") answer.tell(await finder.count(scope, query as TextQuery, signal));
  else await sendHits(trees, scope, query as TextQuery, answer, signal);
  return 0;
}

async function sendHits(
  { finder }: ServedTrees,
  scope: TreeScope,
  query: TextQuery,
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  const { parts } = await finder.find(scope, query, signal);
  for (const batch of encodeHits(parts)) {
    answer.send(FRAME.hits, batch);
    const paused = answer.pause();
    if (paused !== undefined) await paused;
  }
  const { truncated, skippedFiles, roundTripUs, verifyUs } = parts;
  answer.tell({ truncated, skippedFiles, roundTripUs, verifyUs } satisfies HitsReport);
}

/** Ends with the signal. */
async function tellChanges(
  trees: ServedTrees,
  scope: TreeScope,
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  const end = trees.watch(scope, () => answer.tellChange());
  answer.flush(); // a client that sees the question accepted knows that changes are heard
  try {
    if (!signal.aborted) await new Promise<void>((resolve) => hearAbort(signal, resolve));
  } finally {
    end();
  }
}
