/**
 * A thread that verifies: it takes tasks one after the other and answers each. It sleeps in its event loop.
 *
 * Invariant: whatever is posted is followed by the bell, so that a main thread that blocks sees it.
 */
import { workerData } from "node:worker_threads";
import { SharedFlag, SharedWord } from "../../threads/index.ts";
import type { Matcher } from "../contracts.ts";
import { createMatcher } from "../matcher/index.ts";
import { createLiteralScanner } from "../scanner/index.ts";
import { HitColumns, HitCounter } from "./hit-columns.ts";
import type {
  JobDescription,
  SharedMatcherOptions,
  VerifyOrder,
  VerifyReport,
  VerifyThreadData,
} from "./protocol.ts";
import { RowContents } from "./row-contents.ts";
import type { TaskAnswer, VerifyTask } from "./task.ts";
import { TaskRun } from "./task-run.ts";

/** People ask the same again. */
const KEPT_MATCHERS = 8;

interface Job {
  readonly description: JobDescription;
  readonly contents: RowContents;
  readonly stop: SharedFlag;
  matcher: Matcher | undefined;
}

const { port, bell: bellMemory } = workerData as VerifyThreadData;
const bell = new SharedWord(new Int32Array(bellMemory), 0);
const jobs = new Map<number, Job>();
/** The matchers that were used last, by their options; the last one at the end. */
const matchers = new Map<string, Matcher>();

function post(report: VerifyReport, transfer: ArrayBuffer[] = []): void {
  port.postMessage(report, transfer);
  bell.add(1);
}

function matcherFor(options: SharedMatcherOptions): Matcher {
  const key = JSON.stringify(options);
  const matcher = matchers.get(key) ?? createMatcher({ ...options, createScanner: createLiteralScanner });
  matchers.delete(key);
  matchers.set(key, matcher);
  for (const oldest of matchers.keys()) {
    if (matchers.size <= KEPT_MATCHERS) break;
    matchers.delete(oldest);
  }
  return matcher;
}

function answerTo(task: VerifyTask, job: Job): TaskAnswer | undefined {
  const { description, contents, stop } = job;
  const isStopped = (): boolean => stop.isSet;
  if (isStopped()) return undefined;
  const hits = description.isCountOnly ? new HitCounter() : new HitColumns();
  const run = new TaskRun(task, {
    contents,
    matcher: () => (job.matcher ??= matcherFor(description.matcher)),
    hits,
    maxHits: description.maxHits,
    isStopped,
  });
  if (!run.step(isStopped)) return undefined;
  return { hits: hits.take(hits.count), changed: run.changed, skipped: run.skipped };
}

function carryOut(order: VerifyOrder): void {
  if (order.kind === "end") return void jobs.delete(order.job);
  if (order.kind === "job") {
    const { description, stop } = order;
    jobs.set(order.job, {
      description,
      contents: RowContents.of(description.contents),
      stop: new SharedFlag(new Int32Array(stop), 0),
      matcher: undefined,
    });
    return;
  }
  const job = jobs.get(order.job);
  const answer = job && answerTo(order.task, job);
  const memory = answer?.hits.file.buffer;
  // Where hits are only counted, the columns are those of all empty answers.
  const isOwn = answer !== undefined && answer.hits.file.length > 0;
  post({ kind: "answer", job: order.job, index: order.index, answer }, isOwn ? [memory as ArrayBuffer] : []);
}

port.on("message", (order: VerifyOrder) => {
  try {
    carryOut(order);
  } catch (error) {
    post({ kind: "failed", detail: error instanceof Error ? error.message : String(error) });
    throw error; // the thread ends with it
  }
});
