/** Profiles on disk, one file per device and driver. */
import { createHash } from "node:crypto";
import path from "node:path";
import { writeBytesAtomicallySync, userCacheFolder, readRegularTextSync } from "../../storage/index.ts";
import type { DeviceInfo } from "../../vulkan/index.ts";
import { type DeviceProfile, judge, PROFILE_VERSION, whyNotPersistent } from "./device-profile.ts";
import { decodeProfile, PROFILE_BYTES_MAX } from "./profile-format.ts";
import type { DoctorReadings } from "./readings.ts";

/**
 * The stored profile of a device, without opening the device. If the file is unreadable or invalid, there is none, and
 * the device is measured again.
 */
export function keptProfile(info: DeviceInfo): DeviceProfile | undefined {
  const file = profilePath(info);
  const text = file === undefined ? undefined : readRegularTextSync(file, PROFILE_BYTES_MAX);
  const profile = text === undefined ? undefined : decodeProfile(text, PROFILE_VERSION, info);
  if (profile === undefined) return undefined;
  // Whether kernels may stay follows from the measurements. A file that contradicts itself is not ours.
  const { allowed } = judge(whyNotPersistent(info, profile.loopLimit), profile.doorbell);
  return profile.persistent.allowed === allowed ? profile : undefined;
}

/** The path of a device's profile; undefined if the user has no cache folder. */
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
 * Stores a profile on disk. If that fails, the next process measures again.
 *
 * @returns why it failed; undefined if the profile was stored
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
 * Adds results of the doctor to the profile on disk. Earlier results that are not replaced stay.
 * @returns the new profile, whether it could be stored or not; undefined if there is no profile
 */
export function addReadings(info: DeviceInfo, readings: Partial<DoctorReadings>): DeviceProfile | undefined {
  const profile = keptProfile(info);
  if (profile === undefined) return undefined;
  const { traces: _, ...kept } = readings; // traces are useful only to the next process
  const added = { ...profile, doctor: { ...profile.doctor, ...kept } };
  keepProfile(info, added);
  return added;
}
