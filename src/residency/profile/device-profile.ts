/** The device profile: what this machine's device really does, and what follows for kernels. */
import type { Device, DeviceInfo } from "../../vulkan/index.ts";
import { isWatched } from "./device-facts.ts";
import type { DoctorReadings, DoorbellReading } from "./readings.ts";

/** The version of the profile file. It grows with every change of its shape. */
export const PROFILE_VERSION = 3;

/** What was measured of a device. Times are in milliseconds or microseconds, as the names say. */
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

/**
 * Workgroups of a size that the device was seen to keep together.
 * @returns undefined where `everwarp doctor` has not asked
 */
export function residentWorkgroups(profile: DeviceProfile, workgroupSize: number): number | undefined {
  const asked = profile.doctor?.occupancy?.filter((reading) => reading.workgroupSize >= workgroupSize) ?? [];
  return asked.toSorted((a, b) => a.workgroupSize - b.workgroupSize)[0]?.workgroupCount;
}

/** Why no kernel may stay resident on a device, whatever it can see; undefined where it may. */
export function whyNotPersistent(info: DeviceInfo, loopLimit: number | undefined): string | undefined {
  if (loopLimit !== undefined)
    return `its driver (${info.driverInfo}) ends loops silently after ${loopLimit} rounds`;
  if (isWatched(info))
    return `its driver (${info.driverName} ${info.driverInfo}) ends kernels that run for more than a few seconds`;
  return undefined;
}

/** Whether a kernel may stay resident: it may where nothing forbids it and it sees what the host writes. */
export function judge(
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
