/** The end of a device that only one kernel used, whatever became of that kernel. */
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";

/** How long work may take that was told to end before: what still runs then, does not end. */
const END_TIMEOUT_MS = 1_000;

/**
 * Closes a device; one on which something does not end is given up first, so nothing is freed that it uses. Never
 * throws what a device says.
 */
export function endDevice(device: Device): void {
  try {
    device.close(END_TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof EverwarpError && error.code === "EW_TIMEOUT")) throw error;
    device.abandon();
    device.close();
  }
}
