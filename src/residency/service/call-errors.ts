/** Errors for calls without an answer. */
import { EverwarpError } from "../../base/index.ts";

/** The error of a call to a kernel that was closed. */
export function closedError(what: string): EverwarpError {
  return new EverwarpError("EW_CLOSED", what, { remedy: "Open the kernel again." });
}

/** The error of a `tryCall` while `maxPending` requests are pending. */
export function queueFullError(maxPending: number): EverwarpError {
  return new EverwarpError("EW_QUEUE_FULL", `${maxPending} requests are pending already`, {
    remedy: "Await ready(), or use call(), which is never refused.",
  });
}

/** The error of a `callSync` that timed out. @param wasPending whether the request was never published */
export function syncTimeoutError(timeoutMs: number, wasPending: boolean): EverwarpError {
  const fate = wasPending
    ? "was not published and is never performed"
    : "is still performed, and its answer is dropped";
  return new EverwarpError("EW_TIMEOUT", `the request was not answered within ${timeoutMs} ms; it ${fate}`, {
    remedy: "Allow more time, or use call().",
  });
}

/**
 * The error of a `callSync` that would have to wait for a checkpoint or a recovery. Both need the event loop, which is
 * blocked during the call.
 * @param loss why the kernel was lost, if it was
 */
export function withdrawnError(state: string, loss: EverwarpError | undefined): EverwarpError {
  const remedy = "Use call(), which waits for it; or ask again later.";
  if (loss === undefined) {
    return new EverwarpError("EW_TIMEOUT", `the kernel is ${state}, and the request is not performed`, {
      remedy,
    });
  }
  // The recovery finds out later whether the kernel performed the request at the last moment.
  return new EverwarpError(
    "EW_DEVICE_LOST",
    "the kernel was lost, and the request is withdrawn. The kernel may have performed it just before",
    { remedy, cause: loss },
  );
}
