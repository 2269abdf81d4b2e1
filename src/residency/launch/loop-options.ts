/** With what a resident loop is launched, and what follows from that for its launches. */
import type { ComputePipeline, Device, Queue } from "../../vulkan/index.ts";
import type { DeviceProfile } from "../profile/index.ts";
import type { joinCompany } from "../sharing/index.ts";
import type { LaunchSettings, StrategyName } from "../strategies/index.ts";

/** A lease that every watchdog known leaves alone (docs/residency.md). */
const LEASE_MS = 1_000;
/**
 * So long may a kernel keep a card to itself that others may want: short for a person, long beside the microseconds
 * between two leases.
 */
const ADAPTIVE_LEASE_MS = 20;
/**
 * Ticks a millisecond where the profile has not measured them: those of a clock that counts nanoseconds, and quick
 * polls.
 */
const CLOCK_TICKS_PER_MS = 1_000_000;
const POLLS_PER_MS = 1_000;
/** Longest pause of an idle kernel between two polls. */
const DOZE_PAUSE_MS_MAX = 0.02;
/**
 * Of the rounds that a driver allows a launch, those that it is given: the rest is for what perform() does not tell.
 */
const ROUND_SHARE = 0.5;

/** Options of `ResidentLoop.launch`. */
export interface ResidentLoopOptions {
  device: Device;
  profile: DeviceProfile;
  /** Made from a kernel that includes residency.glsl. Stays the caller's. */
  pipeline: ComputePipeline;
  /** `auto` lets the profile decide. */
  strategy?: StrategyName | "auto";
  /** Strategies that the kernel can be run with; all if not given. */
  strategies?: readonly StrategyName[];
  /** Takes the launches; one of the device's queues if not given, as there is room (sharing/admission.ts). */
  queue?: Queue;
  /** Was the kernel compiled with RESIDENCY_CLOCK? */
  hasClock?: boolean;
  /** Priorities of the queue, as the kernel was compiled with (RESIDENCY_PRIORITIES). */
  priorityCount?: 1 | 2;
  /** Requests that can be in flight in each priority: a power of two, at most 4096. */
  slotCount?: number;
  /** Vectors of a completion, the loop's own included. */
  completionVectors?: number;
  /** Workgroups of a launch that ends by itself (dispatch, redispatch, batch). */
  boundedWorkgroupCount?: number;
  /** Workgroups to try to keep resident (leased, continuous, persistent); as many as fit are kept. */
  residentWorkgroupCount?: number;
  /** Fewer resident workgroups than these are EW_NO_ROOM; 1 if not given. */
  leastWorkgroupCount?: number;
  /** Requests that one launch of `batch` takes at most. */
  requestsPerBatch?: number;
  /** Addresses that the kernel finds as launch.inputs, launch.outputs and launch.state. */
  inputsAddress?: bigint;
  outputsAddress?: bigint;
  stateAddress?: bigint;
  /** How long a launch stays (all strategies but persistent). */
  leaseMs?: number;
  /** Idle time after which a resident kernel parks; it is launched again by the next request. Never, if not given. */
  parkAfterMs?: number;
  /** Idle time after which the pauses between polls grow; where the kernel has a clock. */
  dozeAfterMs?: number;
  /** Share of the time that the kernel may work, above 0, at most 1. */
  dutyCycle?: number;
  /** Who tells of others on the card; for tests. */
  joinCompany?: typeof joinCompany;
  /** Idle polls after which a resident kernel gives up; 0: never. For probes: it counts as a loss. */
  pollLimit?: number;
  /** A kernel that has requests before it and finishes nothing for this long counts as lost; never, if not given. */
  stallMs?: number;
}

/** Ticks of a kernel a millisecond, as far as is known. */
export function ticksPerMsOf(profile: DeviceProfile, hasClock: boolean): number {
  return hasClock ? (profile.clockTicksPerMs ?? CLOCK_TICKS_PER_MS) : (profile.pollsPerMs ?? POLLS_PER_MS);
}

/** How long a launch stays; 0: until it is told to stop. */
function leaseMsOf(name: StrategyName, leaseMs: number | undefined): number {
  if (name === "persistent") return 0;
  return leaseMs ?? (name === "adaptive" ? ADAPTIVE_LEASE_MS : LEASE_MS);
}

/** What a loop's launches are held to. @param ticksPerMs ticks of the kernel a millisecond */
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

/** How long a kernel polls in vain before its pauses grow, and before it parks, in its ticks; 0: never. */
export function idleTicksOf(
  idle: { dozeAfterMs?: number; parkAfterMs?: number },
  ticksPerMs: number,
): { idleTicks: number; dozeTicks: number } {
  const { dozeAfterMs = 0, parkAfterMs = Infinity } = idle;
  return {
    // At least one tick: 0 would mean never.
    idleTicks: parkAfterMs === Infinity ? 0 : Math.max(1, Math.round(parkAfterMs * ticksPerMs)),
    dozeTicks: dozeAfterMs === Infinity ? 0 : Math.round(dozeAfterMs * ticksPerMs),
  };
}
