/**
 * The device profile: what this machine's device really does, measured once by bounded probes and kept on disk.
 *
 * The Vulkan specification promises neither that a running kernel sees what the host writes nor that it may run for long, so
 * nothing here is assumed: each fact is the outcome of a probe that ends by itself. The file is keyed by device, driver and its version;
 * anything that does not fit is measured again.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Device, type DeviceInfo, type DeviceOptions } from "../vulkan/index.ts";
import { probeDoorbell, probeLoopLimit, type DoorbellReading } from "./probes.ts";

const PROFILE_VERSION = 2;

/** Loops longer than this are never asked for by a kernel in one launch of a driver that limits them. */
const LOOP_PROBE_ROUNDS = 200_000;

/**
 * Drivers under which a kernel was seen to run without end. Others end it after seconds (a watchdog), and some take the display or the
 * machine with it, so nothing is tried there.
 */
const UNWATCHED_DRIVERS: ReadonlySet<string> = new Set(["NVIDIA_PROPRIETARY", "MESA_LLVMPIPE"]);

export interface DeviceProfile {
  readonly version: typeof PROFILE_VERSION;
  readonly deviceName: string;
  readonly driverInfo: string;
  /** ISO date of the measurement. */
  readonly measuredAt: string;
  /** Rounds after which loops end silently; undefined where they do not. */
  readonly loopLimit: number | undefined;
  /** Polls of an idle kernel a millisecond; undefined where it was not measured. */
  readonly pollsPerMs?: number;
  /** Ticks of the device's clock a millisecond; undefined where it has none. */
  readonly clockTicksPerMs?: number;
  /** What was tried for doorbell memory, in order; the last one serves. Empty where it was not worth trying. */
  readonly doorbell: readonly DoorbellReading[];
  /** May a kernel stay resident, and why (not). */
  readonly persistent: { readonly allowed: boolean; readonly reason: string };
}

/** An open device and what was measured of it. */
export interface ProfiledDevice {
  readonly device: Device;
  readonly profile: DeviceProfile;
}

/**
 * Opens a device with its profile, measuring it first where there is none (some tens of milliseconds, once).
 * @param options.fresh measure even if there is a profile
 * @throws what `Device.open` throws
 */
export async function openProfiledDevice(
  options: DeviceOptions & { fresh?: boolean } = {},
): Promise<ProfiledDevice> {
  const { fresh = false, ...deviceOptions } = options;
  const device = Device.open(deviceOptions);
  try {
    const file = profilePath(device.info);
    let profile = fresh ? undefined : readProfile(file);
    if (profile === undefined) {
      profile = await measureProfile(device);
      // A litmus that failed is not kept: a machine that was too busy to answer in time must not be judged for ever.
      if (profile.doorbell.at(-1)?.isSeen !== false) writeProfile(file, profile);
    }
    const doorbell = profile.doorbell.at(-1);
    if (doorbell?.isSeen === true) device.setMemoryTypes({ doorbell: doorbell.memoryType });
    return { device, profile };
  } catch (error) {
    device.close();
    throw error;
  }
}

/** Runs the probes. Leaves the device with the doorbell memory that was tried last. */
export async function measureProfile(device: Device): Promise<DeviceProfile> {
  const { info } = device;
  const loopRounds = await probeLoopLimit(device, LOOP_PROBE_ROUNDS);
  const loopLimit = loopRounds < LOOP_PROBE_ROUNDS ? loopRounds : undefined;
  const doorbell: DoorbellReading[] = [];
  const forbidden = whyNotPersistent(info, loopLimit);
  if (forbidden === undefined) {
    for (const memoryType of doorbellCandidates(device)) {
      device.setMemoryTypes({ doorbell: memoryType });
      doorbell.push(await probeDoorbell(device));
      if (doorbell.at(-1)?.isSeen === true) break;
    }
  }
  return {
    version: PROFILE_VERSION,
    deviceName: info.name,
    driverInfo: info.driverInfo,
    measuredAt: new Date().toISOString(),
    loopLimit,
    doorbell,
    persistent: judge(forbidden, doorbell),
  };
}

function whyNotPersistent(info: DeviceInfo, loopLimit: number | undefined): string | undefined {
  if (loopLimit !== undefined)
    return `its driver (${info.driverInfo}) ends loops silently after ${loopLimit} rounds`;
  if (!UNWATCHED_DRIVERS.has(info.driverId)) {
    return `its driver (${info.driverName} ${info.driverInfo}) ends kernels that run for more than a few seconds`;
  }
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

/** The type that the device took for doorbells, then the other types that the host can write. */
function doorbellCandidates(device: Device): number[] {
  const own = device.memoryTypes.doorbell;
  const others = device.info.memoryTypes.filter(
    (type) => type.hostVisible && type.hostCoherent && !type.deviceCoherent,
  );
  return [own, ...others.map((type) => type.index).filter((index) => index !== own)];
}

/** Where the profile of a device is kept. */
export function profilePath(info: DeviceInfo): string {
  const key = [
    info.vendorId,
    info.deviceId,
    info.deviceUuid,
    info.driverUuid,
    info.driverVersion,
    info.driverInfo,
  ];
  const hash = createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 16);
  const cache = process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache");
  return path.join(cache, "everwarp", "profiles", `${hash}.json`);
}

/** A profile that cannot be read, whatever the reason, is measured again. */
function readProfile(file: string): DeviceProfile | undefined {
  try {
    const profile = JSON.parse(readFileSync(file, "utf8")) as DeviceProfile;
    return profile.version === PROFILE_VERSION ? profile : undefined;
  } catch {
    return undefined;
  }
}

/** A cache that cannot be written costs the next process a measurement, nothing else. */
function writeProfile(file: string, profile: DeviceProfile): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, `${JSON.stringify(profile, undefined, 2)}\n`);
    renameSync(temporary, file);
  } catch (error) {
    process.emitWarning(`the device profile could not be kept at ${file}: ${(error as Error).message}`);
  }
}
