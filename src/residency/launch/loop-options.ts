/** The options of a resident loop, and the launch settings that follow from them. */
import type { ComputePipeline, Device, Queue } from "../../vulkan/index.ts";
import type { DeviceProfile } from "../profile/index.ts";
import type { joinCompany } from "../sharing/index.ts";
import type { LaunchSettings, StrategyName } from "../strategies/index.ts";

/** A lease that is below the limit of every known watchdog (docs/residency.md). */
const LEASE_MS = 1_000;
/**
 * How long a kernel may occupy a card that others may want. It is short for a person, and long compared with the
 * microseconds between two leases.
 */
const ADAPTIVE_LEASE_MS = 20;
/**
 * Ticks per millisecond if the profile has no measurement: those of a clock in nanoseconds, and those of fast polls.
 */
const CLOCK_TICKS_PER_MS = 1_000_000;
const POLLS_PER_MS = 1_000;
/** The longest pause between two polls of an idle kernel. */
const DOZE_PAUSE_MS_MAX = 0.02;
/** The share of a driver's loop limit that a launch may use. The rest is for loops that perform() does not report. */
const ROUND_SHARE = 0.5;

/** Options of `ResidentLoop.launch`. */
export interface ResidentLoopOptions {
  device: Device;
  profile: DeviceProfile;
  /** A pipeline of a kernel that includes residency.glsl. The caller keeps and disposes it. */
  pipeline: ComputePipeline;
  /** `auto` lets the profile decide. */
  strategy?: StrategyName | "auto";
  /** Strategies that suit the kernel; all if not given. */
  strategies?: readonly StrategyName[];
  /** The queue of the launches. Default: one of the device's queues, by availability (sharing/admission.ts). */
  queue?: Queue;
  /** Whether the kernel was compiled with RESIDENCY_CLOCK. */
  hasClock?: boolean;
  /** Number of priorities, the same as in the compiled kernel (RESIDENCY_PRIORITIES). */
  priorityCount?: 1 | 2;
  /** Maximum number of requests in flight in each priority: a power of two, at most 4096. */
  slotCount?: number;
  /** Vectors of a completion, including the loop's own. */
  completionVectors?: number;
  /** Number of workgroups for launches that end by themselves (dispatch, redispatch, batch). */
  boundedWorkgroupCount?: number;
  /** Number of workgroups to keep resident (leased, continuous, persistent). If fewer fit, fewer are kept. */
  residentWorkgroupCount?: number;
  /** If fewer resident workgroups fit, opening fails with EW_NO_ROOM; 1 if not given. */
  leastWorkgroupCount?: number;
  /** Maximum number of requests in one launch of `batch`. */
  requestsPerBatch?: number;
  /** Addresses for the kernel: launch.inputs, launch.outputs and launch.state. */
  inputsAddress?: bigint;
  outputsAddress?: bigint;
  stateAddress?: bigint;
  /** How long a launch stays, in all strategies except persistent. */
  leaseMs?: number;
  /** Idle time after which a resident kernel parks. The next request launches it again. Default: never. */
  parkAfterMs?: number;
  /** Idle time after which the pauses between polls grow. Needs a kernel with a clock. */
  dozeAfterMs?: number;
  /** The share of the time that the kernel may work: above 0, at most 1. */
  dutyCycle?: number;
  /** Joins the company of the card. Tests replace it. */
  joinCompany?: typeof joinCompany;
  /** Idle polls after which a resident kernel gives up; 0: never. For probes. Giving up counts as a loss. */
  pollLimit?: number;
  /** A kernel with requests in flight that finishes nothing for this time counts as lost. Default: never. */
  stallMs?: number;
}

/** Estimated ticks of a kernel per millisecond. */
export function ticksPerMsOf(profile: DeviceProfile, hasClock: boolean): number {
  return hasClock ? (profile.clockTicksPerMs ?? CLOCK_TICKS_PER_MS) : (profile.pollsPerMs ?? POLLS_PER_MS);
}

/** How long a launch stays; 0: until it is told to stop. */
function leaseMsOf(name: StrategyName, leaseMs: number | undefined): number {
  if (name === "persistent") return 0;
  return leaseMs ?? (name === "adaptive" ? ADAPTIVE_LEASE_MS : LEASE_MS);
}

/** The settings of a loop's launches. @param ticksPerMs ticks of the kernel per millisecond */
export function launchSettingsOf(
  name: StrategyName,
  options: ResidentLoopOptions,
  ticksPerMs: number,
): LaunchSettings {
  const { loopLimit } = options.profile;
  return {
    leaseTicks: Math.round(leaseMsOf(name, options.leaseMs) * ticksPerMs),
    ...idleTicksOf(options, ticksPerMs),
    dozeTicksMax: Math.round(DOZE_PAUSE_MS_MAX * ticksPerMs),
    roundBudget: loopLimit === undefined ? 0 : Math.floor(loopLimit * ROUND_SHARE),
    dutyCycle: options.dutyCycle ?? 1,
  };
}

/** Idle ticks before the pauses grow, and before the kernel parks; 0: never. */
export function idleTicksOf(
  idle: { dozeAfterMs?: number; parkAfterMs?: number },
  ticksPerMs: number,
): { idleTicks: number; dozeTicks: number } {
  const { dozeAfterMs = 0, parkAfterMs = Infinity } = idle;
  return {
    // At least one tick, because 0 would mean never.
    idleTicks: parkAfterMs === Infinity ? 0 : Math.max(1, Math.round(parkAfterMs * ticksPerMs)),
    dozeTicks: dozeAfterMs === Infinity ? 0 : Math.round(dozeAfterMs * ticksPerMs),
  };
}
