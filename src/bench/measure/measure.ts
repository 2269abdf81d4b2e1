/** Takes samples: contenders in turn, each until it has enough of them or its time is over. */
import { setImmediate as turn } from "node:timers/promises";
import { EverwarpError } from "../../base/index.ts";

/** Somebody who can answer. */
export interface Contender {
  /** One round, the part that is timed. It must take its result as a user would. */
  run(): void | Promise<void>;
  /** Checks the round's result, outside the time. @throws EW_BENCH_WRONG_RESULT */
  check(): void;
}

/** When a contender has been sampled enough. */
export interface Limits {
  /** Taken even when the budget is spent, unless `giveUpMs` is. */
  readonly samplesMin: number;
  readonly samplesMax: number;
  readonly budgetMs: number;
  /** The end of patience with a contender that is slow beyond expectation; at least one sample is taken. */
  readonly giveUpMs: number;
  /** Rounds before the first sample, within a tenth of the budget. */
  readonly warmupMax: number;
}

/** How long samples are taken before timers and signals have their turn. */
const YIELD_MS = 50;

interface Lane {
  readonly contender: Contender;
  readonly samplesUs: number[];
  readonly taken: number;
  spentMs: number;
}

/**
 * Samples contenders round by round, one after the other, so that what disturbs the machine disturbs all of them.
 * @param samplesUs one list per contender, to which its samples are appended
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

/** Rounds that are not counted; but one that takes a good part of the budget is too dear to be thrown away. */
async function warmUp(lane: Lane, { warmupMax, budgetMs }: Limits): Promise<void> {
  let spentMs = 0;
  for (let round = 0; round < warmupMax && spentMs <= budgetMs / 10; round++) {
    const timeMs = await takeSample(lane.contender);
    spentMs += timeMs;
    if (timeMs < budgetMs / 3) continue;
    lane.samplesUs.push(timeMs * 1000);
    lane.spentMs += timeMs;
  }
}

/** One contender alone. */
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
  if (count >= limits.samplesMax) return true;
  return spentMs >= (count < limits.samplesMin ? limits.giveUpMs : limits.budgetMs) && count > 0;
}

async function takeSample(contender: Contender): Promise<number> {
  const begin = performance.now();
  const pending = contender.run();
  if (pending !== undefined) await pending;
  const timeMs = performance.now() - begin;
  contender.check();
  return timeMs;
}

/** Ends a row where the result is not the expected one. @throws EW_BENCH_WRONG_RESULT */
export function expectResult(what: string, actual: unknown, expected: unknown): void {
  if (actual === expected) return;
  throw new EverwarpError(
    "EW_BENCH_WRONG_RESULT",
    `${what}: ${String(actual)} where ${String(expected)} is right`,
  );
}

/** The part of a total that falls to one of several turns. */
export function share(total: number, turnIndex: number, turnCount: number): number {
  return Math.floor((total * (turnIndex + 1)) / turnCount) - Math.floor((total * turnIndex) / turnCount);
}
