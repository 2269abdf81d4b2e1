/** Takes samples: contenders in turn, each until it has enough samples or its time is over. */
import { setImmediate as turn } from "node:timers/promises";
import { EverwarpError } from "../../base/index.ts";

/** Something that answers, and is measured. */
export interface Contender {
  /** One round: the part that is timed. It must take its result as a user would. */
  run(): void | Promise<void>;
  /** Checks the round's result, outside the time. @throws EW_BENCH_WRONG_RESULT */
  check(): void;
}

/** When a contender has been sampled enough. */
export interface Limits {
  /** Taken even if the budget is used up, unless `giveUpMs` is. */
  readonly minSamples: number;
  readonly maxSamples: number;
  readonly budgetMs: number;
  /** Time after which an unexpectedly slow contender ends. At least one sample is taken. */
  readonly giveUpMs: number;
  /** Rounds before the first sample, within a tenth of the budget. */
  readonly maxWarmup: number;
}

/** Time for samples before timers and signals get a turn. */
const YIELD_MS = 50;

interface Lane {
  readonly contender: Contender;
  readonly samplesUs: number[];
  readonly taken: number;
  spentMs: number;
}

/**
 * Samples contenders round by round, one after another. So a disturbance of the machine affects all of them.
 * @param samplesUs one list for each contender. Its samples are appended
 * @param signal ends the sampling
 * @throws EW_BENCH_WRONG_RESULT, what the contenders throw, and the signal's reason
 */
export async function measureInTurn(
  contenders: readonly Contender[],
  samplesUs: readonly number[][],
  limits: Limits,
  signal: AbortSignal,
): Promise<void> {
  const lanes = contenders.map((contender, index): Lane => ({
    contender,
    samplesUs: samplesUs[index] as number[],
    taken: samplesUs[index]?.length ?? 0,
    spentMs: 0,
  }));
  for (const lane of lanes) {
    await warmUp(lane, limits);
    signal.throwIfAborted();
  }
  let yielded = performance.now();
  for (let isAny = true; isAny;) {
    isAny = false;
    for (const lane of lanes) {
      if (hasEnough(lane, limits)) continue;
      isAny = true;
      const timeMs = await takeSample(lane.contender);
      lane.samplesUs.push(timeMs * 1000);
      lane.spentMs += timeMs;
      if (performance.now() - yielded < YIELD_MS) continue;
      await turn();
      signal.throwIfAborted();
      yielded = performance.now();
    }
  }
}

/**
 * Warm-up rounds that do not count. A round that takes much of the budget counts, because it is too expensive
 * to discard.
 */
async function warmUp(lane: Lane, { maxWarmup, budgetMs }: Limits): Promise<void> {
  let spentMs = 0;
  for (let round = 0; round < maxWarmup && spentMs <= budgetMs / 10; round++) {
    const timeMs = await takeSample(lane.contender);
    spentMs += timeMs;
    if (timeMs < budgetMs / 3) continue;
    lane.samplesUs.push(timeMs * 1000);
    lane.spentMs += timeMs;
  }
}

/** Measures one contender alone. */
export function measure(
  contender: Contender,
  samplesUs: number[],
  limits: Limits,
  signal: AbortSignal,
): Promise<void> {
  return measureInTurn([contender], [samplesUs], limits, signal);
}

function hasEnough({ samplesUs, taken, spentMs }: Lane, limits: Limits): boolean {
  const count = samplesUs.length - taken;
  if (count >= limits.maxSamples) return true;
  return spentMs >= (count < limits.minSamples ? limits.giveUpMs : limits.budgetMs) && count > 0;
}

async function takeSample(contender: Contender): Promise<number> {
  const begin = performance.now();
  const pending = contender.run();
  if (pending !== undefined) await pending;
  const timeMs = performance.now() - begin;
  contender.check();
  return timeMs;
}

/** Ends a row with a wrong result. @throws EW_BENCH_WRONG_RESULT */
export function expectResult(what: string, actual: unknown, expected: unknown): void {
  if (actual === expected) return;
  throw new EverwarpError(
    "EW_BENCH_WRONG_RESULT",
    `${what}: ${String(actual)} where ${String(expected)} is right`,
  );
}

/** The share of one of several turns in a total. */
export function share(total: number, turnIndex: number, turnCount: number): number {
  return Math.floor((total * (turnIndex + 1)) / turnCount) - Math.floor((total * turnIndex) / turnCount);
}
