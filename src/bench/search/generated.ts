/** What all cases on generated corpora have in common: targets in turn, each with all its queries. */
import {
  type BenchContext,
  assertTimeLeft,
  limitsOf,
  reportError,
  reportSamples,
  type RowDetails,
} from "../context/index.ts";
import type { GeneratedCorpus } from "../corpora/index.ts";
import { type Contender, measure } from "../measure/index.ts";
import { type LoadedTarget, type TargetPlan, targetPlans } from "./targets.ts";

/** The rows of one subject: one for each target. */
export interface Subject {
  readonly name: string;
  readonly details: RowDetails;
  contender(loaded: LoadedTarget): Contender;
}

/** The samples of one row. */
export interface SubjectTimes {
  readonly maxSamples: number;
  /** Samples of all turns. */
  readonly budgetMs: number;
}

interface Sampled {
  name: string;
  /** Time of its last turn. */
  turnMs: number;
  readonly samplesUs: number[][];
  readonly errors: unknown[];
  failure: unknown;
}

/**
 * Number of turns. In each, a target is opened, measured and closed, because two resident kernels do not
 * share a device well.
 */
const TURN_COUNT = 2;

/**
 * Measures all subjects with all targets on one corpus, and reports a row for each.
 * @param skipTarget the reason to skip a target
 * @returns the medians by target label and subject, in µs. Targets that failed are missing
 */
export async function measureTargets(
  context: BenchContext,
  generated: GeneratedCorpus,
  subjects: readonly Subject[],
  times: SubjectTimes,
  skipTarget: (plan: TargetPlan) => unknown = () => undefined,
): Promise<Map<string, number[]>> {
  const plans = targetPlans(context.options);
  const turnCount = context.options.rounds === 1 ? 1 : TURN_COUNT;
  const sampled = plans.map((plan): Sampled => ({
    name: plan.label,
    turnMs: 0,
    samplesUs: subjects.map(() => []),
    errors: [],
    failure: skipTarget(plan),
  }));
  let medians = new Map<string, number[]>();
  for (let turn = 0; turn < turnCount; turn++) {
    for (const [index, plan] of plans.entries()) {
      const entry = sampled[index] as Sampled;
      if (entry.failure !== undefined) continue;
      const begin = performance.now();
      // A second turn that would not end in time does not begin. The first one counts.
      if (turn > 0 && begin + entry.turnMs > context.deadlineMs) continue;
      try {
        assertTimeLeft(context);
        await measureTurn(
          context,
          plan,
          entry,
          generated,
          subjects,
          limitsOf(context, times, turn, turnCount),
        );
      } catch (error) {
        // Earlier turns count.
        if (turn === 0 || entry.samplesUs.some((samples) => samples.length === 0)) entry.failure = error;
      }
      context.signal.throwIfAborted();
      entry.turnMs = performance.now() - begin;
    }
    medians = report(context, plans, sampled, subjects, turn + 1 < turnCount);
  }
  return medians;
}

/**
 * @param isDraft more turns will follow. What failed is reported after the last one
 * @returns the medians by target label, in µs
 */
function report(
  context: BenchContext,
  plans: readonly TargetPlan[],
  sampled: readonly Sampled[],
  subjects: readonly Subject[],
  isDraft: boolean,
): Map<string, number[]> {
  const medians = new Map<string, number[]>();
  for (const [position, subject] of subjects.entries()) {
    for (const [index, entry] of sampled.entries()) {
      const key = { case: context.caseName, subject: subject.name, contender: entry.name };
      const failure = entry.errors[position] ?? entry.failure;
      const samplesUs = entry.samplesUs[position] as number[];
      if (failure !== undefined || samplesUs.length === 0) {
        if (!isDraft) reportError(context, key, failure);
        continue;
      }
      const row = reportSamples(context, key, samplesUs, { ...subject.details, isDraft });
      const { label } = plans[index] as TargetPlan;
      medians.set(label, [...(medians.get(label) ?? []), row.timing.p50Us]);
    }
  }
  return medians;
}

async function measureTurn(
  context: BenchContext,
  plan: TargetPlan,
  entry: Sampled,
  { corpus, sizeBytes }: GeneratedCorpus,
  subjects: readonly Subject[],
  limits: ReturnType<typeof limitsOf>,
): Promise<void> {
  await using target = await plan.open();
  entry.name = target.name;
  const loaded = await target.load(corpus);
  context.reporter.progress(
    `${context.caseName}: ${sizeText(sizeBytes)} with ${target.name} (${target.device}), ` +
      `loaded in ${loaded.loadMs.toFixed(0)} ms`,
  );
  for (const [position, subject] of subjects.entries()) {
    if (entry.errors[position] !== undefined) continue;
    try {
      await measure(subject.contender(loaded), entry.samplesUs[position] as number[], limits, context.signal);
    } catch (error) {
      context.signal.throwIfAborted();
      entry.errors[position] = error;
    }
  }
}

const KIB = 1024;

/** 65536 is "64 KiB". */
export function sizeText(bytes: number): string {
  const [unit, scale] =
    bytes >= KIB ** 3 ? ["GiB", KIB ** 3] : bytes >= KIB ** 2 ? ["MiB", KIB ** 2] : ["KiB", KIB];
  return `${bytes / (scale as number)} ${unit}`;
}
