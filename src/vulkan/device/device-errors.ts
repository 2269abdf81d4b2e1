/** Errors about closing a device too early, and about work that takes too long. */
import { EverwarpError } from "../../base/index.ts";

/** EW_IN_USE: the device was closed while something uses it. */
export function heldError(device: string, holders: readonly string[]): EverwarpError {
  return new EverwarpError("EW_IN_USE", `${device} was closed while it is used by ${holders.join(", ")}`, {
    remedy: "Stop and close what uses the device, wait for that, then close the device.",
  });
}

/** EW_TIMEOUT: work on the device did not end in time. */
export function overdueError(device: string, timeoutMs: number): EverwarpError {
  return new EverwarpError("EW_TIMEOUT", `work on ${device} did not end within ${timeoutMs} ms`, {
    remedy:
      "A kernel that does not end may hold the device; else allow more time, or give it less to do at once.",
  });
}
