/** Errors of a loop that is lost or does not answer. */
import { EverwarpError } from "../../base/index.ts";

/** The driver ended one of the kernel's loops early, because it limits loops. */
export function loopLimitError({ workgroup, rounds }: { workgroup: number; rounds: number }): EverwarpError {
  return new EverwarpError(
    "EW_LOOP_LIMIT",
    `the driver ended loops of workgroup ${workgroup} early. The kernel had counted ${rounds} rounds since its ` +
      "launch. The current request has no reliable answer",
    {
      remedy:
        "Let perform() do less at a time: call suspend() in long requests, and count their loops with spend().",
    },
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
      ? `the kernel on ${deviceName} finished nothing for ${seconds} s, and ${inFlight} requests wait for it`
      : `no launch began on ${deviceName} within ${seconds} s: something else holds the device`,
    {
      remedy:
        "A kernel of this or another program may run without end. End that program, and open this again.",
    },
  );
}

/** A request was not answered in time. It stays in flight. */
export function waitTimeoutError(sequence: number, timeoutMs: number): EverwarpError {
  return new EverwarpError("EW_TIMEOUT", `request ${sequence} was not answered within ${timeoutMs} ms`, {
    remedy: "Allow more time. The request stays in flight, and may still be answered.",
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
