/** `roundtrip`: an empty request to the device and back, with every strategy, and through WebGPU. */
import { openProfiledDevice, type ProfiledDevice, STRATEGY_NAMES } from "../../residency/index.ts";
import {
  assertTimeLeft,
  type BenchCase,
  type BenchContext,
  limitsOf,
  reportError,
  reportSamples,
  deviceSelection,
} from "../context/index.ts";
import { skip, type Contender, type Limits, measure } from "../measure/index.ts";
import type { RowKey } from "../report/index.ts";
import { openEcho } from "./echo.ts";
import { openWebGpuEcho } from "./webgpu-echo.ts";

/** Turns of each contender. Only one kernel can be resident at a time, so each turn launches them again. */
const TURN_COUNT = 3;

interface Entry {
  readonly name: string;
  readonly samplesUs: number[];
  /** Opens the contender for one turn. */
  open(): Promise<Opened>;
  workgroupCount?: number;
  failure?: unknown;
}

type Opened = (Disposable | AsyncDisposable) & { contender: Contender; workgroupCount?: number };

/** The case `roundtrip`. */
export const roundtrip: BenchCase = {
  name: "roundtrip",
  summary: "an empty request and its answer, with every strategy the device allows, and through WebGPU",
  limitMs: 10_000,
  async run(context) {
    const { device: selection, strategy: onlyStrategy, rounds } = context.options;
    let profiled: ProfiledDevice;
    try {
      if (selection === "cpu") throw skip("the host engine has no kernel to ask");
      profiled = await openProfiledDevice({ select: deviceSelection(selection) });
    } catch (error) {
      return reportError(context, keyOf(context, "device"), error);
    }
    using device = profiled.device;
    context.reporter.progress(`${context.caseName}: ${device.info.name}, ${device.info.driverInfo}`);
    const entries = contenders(profiled, onlyStrategy);
    const turnCount = rounds === undefined ? TURN_COUNT : Math.min(rounds, TURN_COUNT);
    for (let turn = 0; turn < turnCount; turn++) {
      const limits = limitsOf(context, { maxSamples: 9000, budgetMs: 1000 }, turn, turnCount);
      for (const entry of entries) {
        if (entry.failure !== undefined) continue;
        try {
          assertTimeLeft(context);
          await measureTurn(entry, limits, context.signal);
        } catch (error) {
          context.signal.throwIfAborted();
          entry.failure = error;
        }
      }
      report(context, entries, turn + 1 < turnCount);
    }
  },
};

/** @param isDraft more turns will follow. What failed is reported after the last one */
function report(context: BenchContext, entries: readonly Entry[], isDraft: boolean): void {
  let dispatchUs: number | undefined;
  for (const { name, samplesUs, workgroupCount, failure } of entries) {
    const key = keyOf(context, name);
    if (failure !== undefined) {
      if (!isDraft) reportError(context, key, failure);
      continue;
    }
    const median = samplesUs.toSorted((a, b) => a - b)[samplesUs.length >> 1] as number;
    if (name === "dispatch") dispatchUs = median;
    reportSamples(context, key, samplesUs, {
      isDraft,
      expected: "the word plus one",
      facts: {
        ...(workgroupCount === undefined ? {} : { workgroups: workgroupCount }),
        ...(dispatchUs === undefined || name === "dispatch"
          ? {}
          : { "times as fast as dispatch": (dispatchUs / median).toFixed(1) }),
      },
    });
  }
}

function keyOf({ caseName }: BenchContext, contender: string): RowKey {
  return { case: caseName, subject: "echo of one word", contender };
}

// Not inside the loop: esbuild keeps one state for all rounds of a loop's `await using`, and with it the
// errors of earlier rounds.
async function measureTurn(entry: Entry, limits: Limits, signal: AbortSignal): Promise<void> {
  await using opened = await entry.open();
  entry.workgroupCount = opened.workgroupCount;
  await measure(opened.contender, entry.samplesUs, limits, signal);
}

function contenders({ device, profile }: ProfiledDevice, onlyStrategy: string | undefined): Entry[] {
  const entries: Entry[] = [];
  for (const strategy of STRATEGY_NAMES) {
    if (onlyStrategy !== undefined && strategy !== onlyStrategy) continue;
    const shapes = strategy === "persistent" ? [false, true] : [false];
    for (const fillsDevice of shapes) {
      entries.push({
        name: fillsDevice ? `${strategy}, device full` : strategy,
        samplesUs: [],
        open: () => openEcho(device, profile, strategy, fillsDevice),
      });
    }
  }
  if (onlyStrategy === undefined) {
    entries.push({ name: "webgpu", samplesUs: [], open: () => openWebGpuEcho(device.info.name) });
  }
  return entries;
}
