/**
 * The device profile: what this machine's device really does, measured once by bounded probes and kept on disk.
 *
 * The Vulkan specification promises neither that a running kernel sees what the host writes nor that it may run for long, so
 * nothing here is assumed: each fact is the outcome of a probe that ends by itself. The file is keyed by device, driver and its version;
 * anything that does not fit is measured again. Where no file can be kept, each process measures for itself, in silence: `everwarp doctor` tells it.
 */
import { createHash } from "node:crypto";
import path from "node:path";
import { boolean, readOptions } from "../base/index.ts";
import { writeBytesAtomicallySync, userCacheFolder, readRegularTextSync } from "../storage/index.ts";
import { DEVICE_OPTIONS, Device, type DeviceInfo, type DeviceOptions } from "../vulkan/index.ts";
import type { DoctorReadings } from "./probes/catalogue.ts";
import { probeClock } from "./probes/clock.ts";
import { doorbellCandidates, type DoorbellReading, isWatched, probeDoorbell } from "./probes/doorbell.ts";
import { probeLoopLimit } from "./probes/loop-limit.ts";
import { decodeProfile, PROFILE_BYTES_MAX } from "./profile-format.ts";

export const PROFILE_VERSION = 3;

/** More than the one limit that is known (65,535), and few enough to be over in an instant. */
const LOOP_PROBE_ROUNDS = 70_000;

export interface DeviceProfile {
  readonly version: typeof PROFILE_VERSION;
  readonly deviceName: string;
  readonly driverInfo: string;
  /** ISO date of the measurement. */
  readonly measuredAt: string;
  /** Rounds after which loops end silently; undefined where they do not. */
  readonly loopLimit: number | undefined;
  /** Polls of an idle kernel a millisecond; undefined where it could not be watched. */
  readonly pollsPerMs?: number;
  /** Ticks of the device's clock a millisecond; undefined where kernels have none. */
  readonly clockTicksPerMs?: number;
  /** What was tried for upload memory, in order; the last one serves. */
  readonly doorbell: readonly DoorbellReading[];
  /** May a kernel stay resident, and why (not). */
  readonly persistent: { readonly allowed: boolean; readonly reason: string };
  /** What `everwarp doctor` found out; nothing relies on it. */
  readonly doctor?: Partial<DoctorReadings>;
}

/** An open device and what was measured of it. */
export interface ProfiledDevice {
  readonly device: Device;
  readonly profile: DeviceProfile;
}

const profiles = new WeakMap<Device, Promise<DeviceProfile>>();

/**
 * The profile of an open device: what is known already, else what is on disk, else measured now (about a tenth of a second, once; nothing
 * else may run on the device meanwhile). The device's upload memory is then the type that was seen to serve.
 * @param options.fresh measure even if there is a profile
 * @throws what the probes throw: EW_DEVICE_LOST, EW_TIMEOUT, EW_OUT_OF_DEVICE_MEMORY, EW_COMPILE
 */
export function profileOf(device: Device, options: { fresh?: boolean } = {}): Promise<DeviceProfile> {
  const { fresh = false } = options;
  let profile = fresh ? undefined : profiles.get(device);
  if (profile === undefined) {
    profile = loadProfile(device, fresh);
    profiles.set(device, profile);
    // One that failed is tried again by the next who asks.
    profile.catch(() => profiles.delete(device));
  }
  return profile;
}

/**
 * Opens a device with its profile.
 * @param options.fresh measure even if there is a profile
 * @throws what `Device.open` and `profileOf` throw
 */
export async function openProfiledDevice(
  options: DeviceOptions & { fresh?: boolean } = {},
): Promise<ProfiledDevice> {
  const { fresh = false, ...others } = readOptions<DeviceOptions & { fresh?: boolean }>(
    "the options of openProfiledDevice",
    options,
    { ...DEVICE_OPTIONS, fresh: boolean },
  );
  const device = Device.open(others);
  try {
    return { device, profile: await profileOf(device, { fresh }) };
  } catch (error) {
    device.close();
    throw error;
  }
}

async function loadProfile(device: Device, isFresh: boolean): Promise<DeviceProfile> {
  let profile = isFresh ? undefined : keptProfile(device.info);
  if (profile === undefined) {
    profile = await measureProfile(device);
    // A litmus that failed is not kept: a machine that was too busy to answer in time must not be judged for ever.
    if (profile.doorbell.at(-1)?.isSeen === true) keepProfile(device.info, profile);
  }
  const doorbell = profile.doorbell.at(-1);
  if (doorbell?.isSeen === true) device.setMemoryTypes({ upload: doorbell.memoryType });
  return profile;
}

/** Runs the probes that launches need. Leaves the device with the upload memory that was tried last. */
export async function measureProfile(device: Device): Promise<DeviceProfile> {
  const { info } = device;
  const loopRounds = await probeLoopLimit(device, LOOP_PROBE_ROUNDS);
  const loopLimit = loopRounds < LOOP_PROBE_ROUNDS ? loopRounds : undefined;
  const clock = await probeClock(device);
  const doorbell: DoorbellReading[] = [];
  for (const memoryType of doorbellCandidates(device)) {
    device.setMemoryTypes({ upload: memoryType });
    doorbell.push(await probeDoorbell(device, { loopLimit, isWatched: isWatched(info) }));
    if (doorbell.at(-1)?.isSeen === true) break;
  }
  const pollsPerMs = doorbell.at(-1)?.pollsPerMs;
  return {
    version: PROFILE_VERSION,
    deviceName: info.name,
    driverInfo: info.driverInfo,
    measuredAt: new Date().toISOString(),
    loopLimit,
    ...(pollsPerMs === undefined ? {} : { pollsPerMs }),
    ...(clock === undefined ? {} : { clockTicksPerMs: clock.ticksPerMs }),
    doorbell,
    persistent: judge(whyNotPersistent(info, loopLimit), doorbell),
  };
}

/**
 * Adds what the doctor found to the profile on disk; what it found before and not now stays.
 * @returns the profile as it is then, whether it could be kept or not; undefined where there is none to add to
 */
export function addReadings(info: DeviceInfo, readings: Partial<DoctorReadings>): DeviceProfile | undefined {
  const profile = keptProfile(info);
  if (profile === undefined) return undefined;
  const { traces: _, ...kept } = readings; // of no use to a later process
  const added = { ...profile, doctor: { ...profile.doctor, ...kept } };
  keepProfile(info, added);
  return added;
}

/** The profile that is kept of a device, without opening it. One that cannot be read or believed, whatever the reason, is measured again. */
export function keptProfile(info: DeviceInfo): DeviceProfile | undefined {
  const file = profilePath(info);
  const text = file === undefined ? undefined : readRegularTextSync(file, PROFILE_BYTES_MAX);
  const profile = text === undefined ? undefined : decodeProfile(text, PROFILE_VERSION, info);
  if (profile === undefined) return undefined;
  // What may stay follows from what was measured. A file that says otherwise was not written by us.
  const { allowed } = judge(whyNotPersistent(info, profile.loopLimit), profile.doorbell);
  return profile.persistent.allowed === allowed ? profile : undefined;
}

/**
 * Workgroups of a size that the device was seen to keep together.
 * @returns undefined where `everwarp doctor` has not asked
 */
export function residentWorkgroups(profile: DeviceProfile, workgroupSize: number): number | undefined {
  const asked = profile.doctor?.occupancy?.filter((reading) => reading.workgroupSize >= workgroupSize) ?? [];
  return asked.toSorted((a, b) => a.workgroupSize - b.workgroupSize)[0]?.workgroupCount;
}

function whyNotPersistent(info: DeviceInfo, loopLimit: number | undefined): string | undefined {
  if (loopLimit !== undefined)
    return `its driver (${info.driverInfo}) ends loops silently after ${loopLimit} rounds`;
  if (isWatched(info))
    return `its driver (${info.driverName} ${info.driverInfo}) ends kernels that run for more than a few seconds`;
  return undefined;
}

function judge(
  forbidden: string | undefined,
  doorbell: readonly DoorbellReading[],
): DeviceProfile["persistent"] {
  if (forbidden !== undefined) return { allowed: false, reason: forbidden };
  const reading = doorbell.at(-1);
  if (reading?.isSeen === true) {
    return {
      allowed: true,
      reason: `a running kernel answered ${reading.rounds} of ${reading.rounds} requests, ${reading.p50Us.toFixed(1)} µs each in the median`,
    };
  }
  return { allowed: false, reason: "a running kernel does not see what the host writes, in any memory type" };
}

/** Where the profile of a device is kept; undefined where the user has no folder for caches. */
export function profilePath(info: DeviceInfo): string | undefined {
  const caches = userCacheFolder();
  if (caches === undefined) return undefined;
  const key = [
    info.vendorId,
    info.deviceId,
    info.deviceUuid,
    info.driverUuid,
    info.driverVersion,
    info.driverInfo,
  ];
  const hash = createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 16);
  return path.join(caches, "profiles", `${hash}.json`);
}

/**
 * Keeps a profile on disk. Where that fails the next process measures again, and nothing else is lost.
 *
 * @returns why it could not be kept; undefined where it was
 */
export function keepProfile(info: DeviceInfo, profile: DeviceProfile): string | undefined {
  const file = profilePath(info);
  if (file === undefined) return "neither XDG_CACHE_HOME nor HOME names a folder";
  try {
    const text = `${JSON.stringify(profile, undefined, 2)}\n`;
    writeBytesAtomicallySync(file, Buffer.from(text), { place: "own" });
    return undefined;
  } catch (error) {
    return `${file}: ${(error as Error).message}`;
  }
}
