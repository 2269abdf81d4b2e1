/** Errors about closing a device too early, and about work that takes too long. */
import { EverwarpError } from "../../base/index.ts";

/** EW_IN_USE: the device was closed while something uses it. */
export function heldError(device: string, holders: readonly string[]): EverwarpError {
  return new EverwarpError("EW_IN_USE", `${device} was closed while ${holders.join(", ")} still used it`, {
    remedy: "First stop and close what uses the device, and wait for it. Then close the device.",
  });
}

/** EW_TIMEOUT: work on the device did not end in time. */
export function overdueError(device: string, timeoutMs: number): EverwarpError {
  return new EverwarpError("EW_TIMEOUT", `work on ${device} did not end within ${timeoutMs} ms`, {
    remedy:
      "Look for a kernel that runs without end. If there is none, allow more time, or submit less work at once.",
  });
}
