/** The reasons of losses, and the errors for callers. */
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";
import type { ResidentLoop } from "../launch/index.ts";

/** The code of an EverwarpError; undefined for other errors. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof EverwarpError ? error.code : undefined;
}

/** Why a loop was lost. */
export function reasonOf(loop: ResidentLoop): EverwarpError {
  return loop.lossReason ?? new EverwarpError("EW_DEVICE_LOST", "the kernel ended without a reason");
}

/** The device was lost for a reason that the kernel itself did not notice. */
export function lostElsewhere(device: Device): EverwarpError {
  return new EverwarpError(
    "EW_DEVICE_LOST",
    `${device.info.name} was lost, or given up by another kernel on it`,
    { remedy: "The kernel continues on the device that replaces it." },
  );
}

/** The kernel finished nothing for too long. @param inFlight requests without an answer */
export function hungError(stillMs: number, inFlight: number): EverwarpError {
  return new EverwarpError(
    "EW_DEVICE_LOST",
    `the kernel has finished nothing for ${Math.round(stillMs)} ms, with ${inFlight} ` +
      `request${inFlight === 1 ? "" : "s"} in flight`,
    {
      remedy:
        "If a request needs longer, call suspend() in perform(), or open the kernel with a longer hangTimeoutMs.",
    },
  );
}

/**
 * The error of a kernel that was given up.
 * @param first the first cause of the losses
 * @param last what prevented another launch
 */
export function givenUp(first: EverwarpError, last: EverwarpError): EverwarpError {
  if (last === first || last.message === first.message) return first;
  return new EverwarpError(
    first.code,
    `the kernel was lost, and another launch failed (${last.message} [${last.code}]). The loss: ${first.message}`,
    { cause: first },
  );
}

/** The error for the caller of a request that was in flight in this number of losses. */
export function poisoned(times: number, cause: EverwarpError): EverwarpError {
  return new EverwarpError(
    "EW_REQUEST_POISONED",
    `the kernel was lost ${times} times while this request was in flight. ` +
      "everwarp gives the request up. The kernel did not perform it",
    {
      remedy:
        "Look at what the kernel does with these values: a loop without end, or an address out of bounds.",
      cause,
    },
  );
}

/** The error for all callers after an unexpected error. */
export function internalError(cause: unknown): EverwarpError {
  return new EverwarpError(
    "EW_INTERNAL",
    `the kernel had to stop, because of an unexpected error: ${String(cause)}`,
    {
      remedy: "Please report this, with the cause of this error.",
      cause,
    },
  );
}
