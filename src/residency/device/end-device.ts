/** Closes a device that only one kernel used, whatever happened to that kernel. */
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";

/** How long to wait for work that was told to end. Work that still runs after that is assumed never to end. */
const END_TIMEOUT_MS = 1_000;

/**
 * Closes a device. If work on it does not end, the device is abandoned first, so that no memory in use is freed.
 * Ignores errors of the device.
 */
export function endDevice(device: Device): void {
  try {
    device.close({ timeoutMs: END_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof EverwarpError && error.code === "EW_TIMEOUT")) throw error;
    device.abandon();
    device.close();
  }
}
