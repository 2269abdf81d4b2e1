/** Errors of a loop that is lost or does not answer. */
import { EverwarpError } from "../../base/index.ts";

/** The driver ended one of the kernel's loops early, because it limits loops. */
export function loopLimitError({ workgroup, rounds }: { workgroup: number; rounds: number }): EverwarpError {
  return new EverwarpError(
    "EW_LOOP_LIMIT",
    `the driver ended loops of workgroup ${workgroup} early, ${rounds} rounds after its launch by the kernel's own ` +
      "count, so the current request has no reliable answer",
    { remedy: "Let perform() do less at a time: suspend() the request, and tell of its loops with spend()." },
  );
}

/** A kernel with requests in flight finishes nothing. @param inFlight requests without an answer */
export function stallError(
  deviceName: string,
  stallMs: number,
  inFlight: number,
  hasBegun: boolean,
): EverwarpError {
  const seconds = Math.round(stallMs / 1000);
  return new EverwarpError(
    "EW_DEVICE_LOST",
    hasBegun
      ? `the kernel on ${deviceName} finished nothing for ${seconds} s, with ${inFlight} requests before it`
      : `no launch began on ${deviceName} within ${seconds} s: something else holds the device`,
    {
      remedy:
        "A kernel that does not end may hold the device, also one of another program. End it, and open this again.",
    },
  );
}

/** A request was not answered in time. It stays in flight. */
export function waitTimeoutError(sequence: number, timeoutMs: number): EverwarpError {
  return new EverwarpError("EW_TIMEOUT", `request ${sequence} was not answered within ${timeoutMs} ms`, {
    remedy: "Allow more time; the request stays in flight.",
  });
}

/** For callers that wait for a kernel that was stopped. */
export function stoppedError(): EverwarpError {
  return new EverwarpError("EW_CLOSED", "the kernel was stopped before this request was answered", {
    remedy: "Wait for requests before stopping, or allow more time.",
  });
}

/** @throws EW_BAD_ARGUMENT for what is no share of the time that a kernel may work */
export function checkedDutyCycle(share: number): number {
  if (share > 0 && share <= 1) return share;
  throw new EverwarpError("EW_BAD_ARGUMENT", `a duty cycle of ${share}`, {
    remedy: "Give a share of the time above 0 and at most 1.",
  });
}
