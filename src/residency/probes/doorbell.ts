/** The doorbell litmus: does a running kernel see what the host writes, and how soon? */
import type { Device } from "../../vulkan/index.ts";
import type { ResidentLoop } from "../launch/index.ts";
import type { DoorbellReading, DeviceProfile } from "../profile/index.ts";
import { Phase } from "../queue/index.ts";
import { askEcho, withEcho } from "./echo.ts";
import { timesOf } from "./times.ts";

const ROUNDS = 64;
/**
 * Answers of a kernel that ran already that are enough: on a busy machine a short lease is over before the host looks
 * again.
 */
const PROOFS_MIN = 8;
/** Idle polls after which the kernel gives up: a few seconds on any device, where nothing ends kernels. */
const POLL_LIMIT = 4_000_000;
/** The same where a watchdog looks on: far below the shortest one. */
const POLL_LIMIT_WATCHED = 100_000;
const LEASE_MS = 200;
/** The idle kernel is watched for so many heartbeats, but no longer than so long. */
const BEATS = 6;
const IDLE_MS_MAX = 40;
const WATCH_ATTEMPTS = 4;

/** What is known of a device before the litmus. */
export interface LitmusLimits {
  readonly loopLimit: number | undefined;
  /** May something end kernels that run for more than a few seconds? */
  readonly isWatched: boolean;
}

/**
 * Launches the echo kernel and asks it 64 times through the device's upload memory. A kernel that does not see the
 * host's writes does not see the stop flag either, so it has a limit of polls; where kernels may not stay, it is
 * launched for a short lease.
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
    // An answer of a kernel that was launched for it proves nothing.
    if (timeUs !== undefined && loop.counts.launches === launches) timesUs.push(timeUs);
    else if (!isAnswered) timesUs.length = 0;
  }
  const { p50Us, p99Us } = timesOf(timesUs);
  const isSeen = timesUs.length >= PROOFS_MIN;
  const pollsPerMs = isSeen ? watchIdle(loop, timeoutMs) : undefined;
  return { memoryType, isSeen, rounds, p50Us, p99Us, ...(pollsPerMs === undefined ? {} : { pollsPerMs }) };
}

/** Reads the heartbeats of an idle kernel as they come; undefined where too few came, however often it was launched. */
function watchIdle(loop: ResidentLoop, timeoutMs: number): number | undefined {
  for (let attempt = 0; attempt < WATCH_ATTEMPTS; attempt++) {
    askEcho(loop, 1, timeoutMs); // one that had parked is launched again
    const pollsPerMs = watchLaunch(loop);
    if (pollsPerMs !== undefined) return pollsPerMs;
  }
  return undefined;
}

/**
 * At least so many polls a millisecond: what is taken for too few makes leases shorter, what is taken for too many
 * would make them too long.
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
    // It came between two looks; where the host was held up, they lie far apart.
    beats.push({ polls: beat.polls, fromMs, toMs: lookedMs });
    if (beat.phase !== Phase.RUNNING) break;
  }
  // The first one was there already, nobody knows since when.
  const [, first] = beats;
  const last = beats.at(-1);
  if (first === undefined || last === undefined || last === first) return undefined;
  return (last.polls - first.polls) / (last.toMs - first.fromMs);
}

/** Lets the litmus do what a profile would have to allow first. */
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
