/** Profiles on disk, one file for each device and driver. */
import { createHash } from "node:crypto";
import path from "node:path";
import { writeBytesAtomicallySync, userCacheFolder, readRegularTextSync } from "../../storage/index.ts";
import type { DeviceInfo } from "../../vulkan/index.ts";
import { type DeviceProfile, judge, PROFILE_VERSION, whyNotPersistent } from "./device-profile.ts";
import { decodeProfile, PROFILE_BYTES_MAX } from "./profile-format.ts";
import type { DoctorReadings } from "./readings.ts";

/**
 * The profile that is kept of a device, without opening it. One that cannot be read or believed, whatever the reason,
 * is measured again.
 */
export function keptProfile(info: DeviceInfo): DeviceProfile | undefined {
  const file = profilePath(info);
  const text = file === undefined ? undefined : readRegularTextSync(file, PROFILE_BYTES_MAX);
  const profile = text === undefined ? undefined : decodeProfile(text, PROFILE_VERSION, info);
  if (profile === undefined) return undefined;
  // What may stay follows from what was measured. A file that says otherwise was not written by us.
  const { allowed } = judge(whyNotPersistent(info, profile.loopLimit), profile.doorbell);
  return profile.persistent.allowed === allowed ? profile : undefined;
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
