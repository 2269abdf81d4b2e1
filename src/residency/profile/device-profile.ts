/** The device profile: what this machine's device really does, and what that means for kernels. */
import type { Device, DeviceInfo } from "../../vulkan/index.ts";
import { isWatched } from "./device-facts.ts";
import type { DoctorReadings, DoorbellReading } from "./readings.ts";

/** The version of the profile file. It increases with every change of the format. */
export const PROFILE_VERSION = 3;

/** The measurements of a device. Times are in milliseconds or microseconds, as the names say. */
export interface DeviceProfile {
  readonly version: typeof PROFILE_VERSION;
  readonly deviceName: string;
  readonly driverInfo: string;
  /** ISO date of the measurement. */
  readonly measuredAt: string;
  /** Rounds after which loops end silently; undefined if there is no limit. */
  readonly loopLimit: number | undefined;
  /** Polls of an idle kernel per millisecond; undefined if the kernel could not be watched. */
  readonly pollsPerMs?: number;
  /** Ticks of the device's clock per millisecond; undefined if kernels have no clock. */
  readonly clockTicksPerMs?: number;
  /** The memory types that were tried for upload memory, in order. The last one is used. */
  readonly doorbell: readonly DoorbellReading[];
  /** Whether a kernel may stay resident, and why or why not. */
  readonly persistent: { readonly allowed: boolean; readonly reason: string };
  /** Results of `everwarp doctor`. Nothing relies on them. */
  readonly doctor?: Partial<DoctorReadings>;
}

/** An open device and its measurements. */
export interface ProfiledDevice {
  readonly device: Device;
  readonly profile: DeviceProfile;
}

/**
 * The number of workgroups of a size that were measured to be resident together.
 * @returns undefined if `everwarp doctor` has not measured it
 */
export function residentWorkgroups(profile: DeviceProfile, workgroupSize: number): number | undefined {
  const asked = profile.doctor?.occupancy?.filter((reading) => reading.workgroupSize >= workgroupSize) ?? [];
  return asked.toSorted((a, b) => a.workgroupSize - b.workgroupSize)[0]?.workgroupCount;
}

/** Why no kernel may stay resident on a device, even if it sees the host's stores; undefined if kernels may stay. */
export function whyNotPersistent(info: DeviceInfo, loopLimit: number | undefined): string | undefined {
  if (loopLimit !== undefined)
    return `its driver (${info.driverInfo}) ends loops silently after ${loopLimit} rounds`;
  if (isWatched(info))
    return `its driver (${info.driverName} ${info.driverInfo}) ends kernels that run for more than a few seconds`;
  return undefined;
}

/** Whether a kernel may stay resident: nothing must forbid it, and it must see the host's stores. */
export function judge(
  forbidden: string | undefined,
  doorbell: readonly DoorbellReading[],
): DeviceProfile["persistent"] {
  if (forbidden !== undefined) return { allowed: false, reason: forbidden };
  const reading = doorbell.at(-1);
  if (reading?.isSeen === true) {
    return {
      allowed: true,
      reason:
        `a running kernel answered ${reading.rounds} of ${reading.rounds} requests, ` +
        `${reading.p50Us.toFixed(1)} µs each in the median`,
    };
  }
  return { allowed: false, reason: "a running kernel does not see what the host writes, in any memory type" };
}
