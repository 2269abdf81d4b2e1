/** What follows from a device's own description for resident kernels. */
import type { Device, DeviceInfo } from "../../vulkan/index.ts";

/**
 * Drivers that were seen to run a kernel without a time limit. Others end kernels after seconds (a watchdog), and some
 * lose the display or the machine. So long kernels are never tried there without request.
 */
const UNWATCHED_DRIVERS: ReadonlySet<string> = new Set(["NVIDIA_PROPRIETARY", "MESA_LLVMPIPE"]);

/** Whether a watchdog may end kernels on this device that run for more than a few seconds. */
export function isWatched(info: Pick<DeviceInfo, "driverId">): boolean {
  return !UNWATCHED_DRIVERS.has(info.driverId);
}

/** The device's current upload memory type, then the other types that the host can write. */
export function doorbellCandidates(device: Pick<Device, "info" | "memoryTypes">): number[] {
  const own = device.memoryTypes.upload;
  return [own, ...doorbellTypes(device.info).filter((index) => index !== own)];
}

/** All types that the host can write without flushing, in the driver's order. */
export function doorbellTypes({ memoryTypes }: Pick<DeviceInfo, "memoryTypes">): number[] {
  return memoryTypes
    .filter(
      (type) =>
        type.hostVisible &&
        type.hostCoherent &&
        !type.deviceCoherent &&
        !type.protected &&
        !type.lazilyAllocated,
    )
    .map(({ index }) => index);
}
