/** The doorbell litmus: does a running kernel see the host's stores, and how soon? */
import type { Device } from "../../vulkan/index.ts";
import type { ResidentLoop } from "../launch/index.ts";
import type { DoorbellReading, DeviceProfile } from "../profile/index.ts";
import { Phase } from "../queue/index.ts";
import { askEcho, withEcho } from "./echo.ts";
import { timesOf } from "./times.ts";

const ROUNDS = 64;
/**
 * Number of answers by an already running kernel that suffice. On a busy machine, a short lease may end before the host
 * reads again.
 */
const PROOFS_MIN = 8;
/** Idle polls after which the kernel gives up: a few seconds on any device. For drivers without a watchdog. */
const POLL_LIMIT = 4_000_000;
/** The same for drivers with a watchdog: far below the shortest known limit. */
const POLL_LIMIT_WATCHED = 100_000;
const LEASE_MS = 200;
/** The idle kernel is watched for this number of heartbeats, or up to a time limit. */
const BEATS = 6;
const IDLE_MS_MAX = 40;
const WATCH_ATTEMPTS = 4;

/** What is known about a device before the litmus. */
export interface LitmusLimits {
  readonly loopLimit: number | undefined;
  /** Whether a watchdog may end kernels that run for more than a few seconds. */
  readonly isWatched: boolean;
}

/**
 * Launches the echo kernel and sends it 64 requests through the device's upload memory. A kernel that does not see the
 * host's stores does not see the stop flag either, so it has a limit of polls. If kernels may not stay, each launch
 * gets a short lease.
 */
export async function probeDoorbell(device: Device, limits: LitmusLimits): Promise<DoorbellReading> {
  const { loopLimit, isWatched } = limits;
  const isLeased = isWatched || loopLimit !== undefined;
  return await withEcho(
    device,
    {
      profile: litmusProfile(loopLimit),
      strategy: isLeased ? "leased" : "persistent",
      leaseMs: LEASE_MS,
      pollLimit: isWatched ? POLL_LIMIT_WATCHED : POLL_LIMIT,
    },
    (loop, timeoutMs) => litmus(loop, device.memoryTypes.upload, timeoutMs),
  );
}

function litmus(loop: ResidentLoop, memoryType: number, timeoutMs: number): DoorbellReading {
  const timesUs: number[] = [];
  let rounds = 0;
  for (let isAnswered = true; rounds < ROUNDS && isAnswered; rounds++) {
    const { launches } = loop.counts;
    const timeUs = askEcho(loop, rounds * 977, timeoutMs);
    isAnswered = timeUs !== undefined;
    // An answer from a kernel that was launched for the request proves nothing.
    if (timeUs !== undefined && loop.counts.launches === launches) timesUs.push(timeUs);
    else if (!isAnswered) timesUs.length = 0;
  }
  const { p50Us, p99Us } = timesOf(timesUs);
  const isSeen = timesUs.length >= PROOFS_MIN;
  const pollsPerMs = isSeen ? watchIdle(loop, timeoutMs) : undefined;
  return { memoryType, isSeen, rounds, p50Us, p99Us, ...(pollsPerMs === undefined ? {} : { pollsPerMs }) };
}

/** Reads heartbeats of an idle kernel; undefined if too few arrive, over several launches. */
function watchIdle(loop: ResidentLoop, timeoutMs: number): number | undefined {
  for (let attempt = 0; attempt < WATCH_ATTEMPTS; attempt++) {
    askEcho(loop, 1, timeoutMs); // launches a parked kernel again
    const pollsPerMs = watchLaunch(loop);
    if (pollsPerMs !== undefined) return pollsPerMs;
  }
  return undefined;
}

/**
 * A lower bound of polls per millisecond. An estimate that is too low makes leases shorter. One that is too high would
 * make them too long.
 */
function watchLaunch(loop: ResidentLoop): number | undefined {
  const beats: { readonly polls: number; readonly fromMs: number; readonly toMs: number }[] = [];
  const epoch = loop.heartbeat?.epoch;
  const begin = performance.now();
  let lookedMs = begin;
  while (lookedMs - begin < IDLE_MS_MAX && beats.length < BEATS) {
    const beat = loop.heartbeat;
    const fromMs = lookedMs;
    lookedMs = performance.now();
    if (beat === undefined || beat.polls === beats.at(-1)?.polls) continue;
    if (beat.epoch !== epoch) break;
    // The heartbeat arrived between two reads. If the host was delayed, the reads are far apart.
    beats.push({ polls: beat.polls, fromMs, toMs: lookedMs });
    if (beat.phase !== Phase.RUNNING) break;
  }
  // Skip the first heartbeat: its time is unknown.
  const [, first] = beats;
  const last = beats.at(-1);
  if (first === undefined || last === undefined || last === first) return undefined;
  return (last.polls - first.polls) / (last.toMs - first.fromMs);
}

/** A profile that allows what the litmus needs. */
function litmusProfile(loopLimit: number | undefined): DeviceProfile {
  return {
    version: 3,
    deviceName: "the device under test",
    driverInfo: "",
    measuredAt: "",
    loopLimit,
    doorbell: [],
    persistent: { allowed: true, reason: "this is the test of it" },
  };
}
