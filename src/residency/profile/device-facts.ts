/** What a device's own description tells about kernels that stay. */
import type { Device, DeviceInfo } from "../../vulkan/index.ts";

/**
 * Drivers under which a kernel was seen to run without end. Others end it after seconds (a watchdog), and some take the
 * display or the machine with it, so nothing long is tried there unasked.
 */
const UNWATCHED_DRIVERS: ReadonlySet<string> = new Set(["NVIDIA_PROPRIETARY", "MESA_LLVMPIPE"]);

/** May something end kernels on this device that run for more than a few seconds? */
export function isWatched(info: Pick<DeviceInfo, "driverId">): boolean {
  return !UNWATCHED_DRIVERS.has(info.driverId);
}

/** The type that the device took for doorbells, then the other types that the host can write. */
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
