/**
 * What all cases of `everwarp bench residency` use: an open device, rows with their limits, and the loop of
 * the echo kernel.
 */
import { EverwarpError } from "../../base/index.ts";
import {
  type DeviceProfile,
  openProfiledDevice,
  type ProfiledDevice,
  launchEcho,
  type ProgramLoop,
  type ProgramLoopOptions,
  STRATEGY_NAMES,
  type StrategyName,
} from "../../residency/index.ts";
import type { Device } from "../../vulkan/index.ts";
import {
  assertTimeLeft,
  type BenchCase,
  type BenchContext,
  reportError,
  reportSamples,
  type RowDetails,
  deviceSelection,
} from "../context/index.ts";
import { skip } from "../measure/index.ts";
import type { RowKey } from "../report/index.ts";

/** A device, and how the cases report on it. */
export interface Ground {
  readonly context: BenchContext;
  readonly device: Device;
  readonly profile: DeviceProfile;
  /** The device's threads are the host's cores, so its times say nothing about a GPU. */
  readonly isSoftware: boolean;
}

/** The limit of a row. */
export interface Bar {
  readonly text: string;
  readonly isMet: boolean;
  /** For GPUs only. A software device is not judged by it. */
  readonly isForGpu: boolean;
}

/** Samples of a row, with its details. */
export interface Taken extends RowDetails {
  readonly samplesUs: readonly number[];
  readonly bar?: Bar;
}

/** Makes a case that has a device to itself while it runs. */
export function residencyCase(
  name: string,
  summary: string,
  limitMs: number,
  body: (ground: Ground) => Promise<void>,
): BenchCase {
  return {
    name: `residency/${name}`,
    summary,
    limitMs,
    async run(context) {
      let profiled: ProfiledDevice;
      try {
        profiled = await openGround(context);
      } catch (error) {
        return reportError(context, { case: context.caseName, subject: "all", contender: "device" }, error);
      }
      using device = profiled.device;
      context.reporter.progress(`${context.caseName}: ${device.info.name}, ${device.info.driverInfo}`);
      await body({ context, ...profiled, isSoftware: device.info.type === "cpu" });
    },
  };
}

/** Opens the requested device. @throws EW_BENCH_SKIPPED for the host, and what opening throws */
export function openGround({ options }: BenchContext): Promise<ProfiledDevice> {
  if (options.device === "cpu") throw skip("the host engine keeps no kernel");
  return openProfiledDevice({ select: deviceSelection(options.device) });
}

/** Takes a row's samples and reports them. An error is reported in their place. */
export async function reportRow(
  { context, isSoftware }: Ground,
  subject: string,
  contender: string,
  take: () => Promise<Taken>,
): Promise<void> {
  const key: RowKey = { case: context.caseName, subject, contender };
  try {
    context.signal.throwIfAborted();
    assertTimeLeft(context);
    const { samplesUs, bar, ...details } = await take();
    const facts = bar === undefined ? details.facts : { ...details.facts, bar: barText(bar, isSoftware) };
    reportSamples(context, key, samplesUs, { ...details, ...(facts === undefined ? {} : { facts }) });
  } catch (error) {
    reportError(context, key, error);
  }
}

function barText({ text, isMet, isForGpu }: Bar, isSoftware: boolean): string {
  if (isForGpu && isSoftware) return `${text} (for GPUs)`;
  return `${text}: ${isMet ? "met" : "missed"}`;
}

/** The strategies to measure: the wanted ones, or the one that the user named if it is among them. */
export function strategiesOf(
  { context }: Ground,
  wanted: readonly StrategyName[] = STRATEGY_NAMES,
): readonly StrategyName[] {
  const { strategy } = context.options;
  return strategy === undefined ? wanted : wanted.filter((name) => name === strategy);
}

/** The strategy of rows about one kernel, not about strategies. */
export function strategyOf({ context }: Ground): StrategyName | "auto" {
  return context.options.strategy ?? "auto";
}

/** A quantile of samples by nearest rank: a measured value. */
export function quantileOf(samples: readonly number[], part: number): number {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/**
 * Launches the echo kernel's loop: the queue alone, without types, batching, journal and supervisor.
 * @throws EW_STRATEGY_UNSUPPORTED, EW_COMPILE, EW_OUT_OF_DEVICE_MEMORY, EW_DEVICE_LOST
 */
export function launchEchoLoop(
  { device, profile }: Ground,
  options: Partial<ProgramLoopOptions> = {},
): Promise<ProgramLoop> {
  const { features, subgroupSize } = device.info;
  const hasClock = features.includes("shaderDeviceClock");
  return launchEcho({ device, profile, hasClock, ...options }, Math.max(32, subgroupSize));
}

/** The error for an answer that did not come. */
export function lateAnswer(what: string, timeoutMs: number): EverwarpError {
  return new EverwarpError("EW_BENCH_WRONG_RESULT", `${what}: no answer within ${timeoutMs} ms`);
}
