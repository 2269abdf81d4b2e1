/** Limits of one call: a timeout and a signal. They end the caller's wait. The work itself continues to its own end. */
import {
  abortSignal,
  duration,
  EverwarpError,
  hearAbort,
  MAX_TIMER_MS,
  type OptionChecks,
} from "../../base/index.ts";

/** Options of a call that waits for a device. */
export interface CallLimits {
  /** Milliseconds after which the call fails with EW_TIMEOUT. Default: no limit. */
  timeoutMs?: number;
  /** The call fails with EW_ABORTED when the signal is aborted. */
  signal?: AbortSignal;
}

/** The state of a call, for its work. */
export interface CallState {
  /** True once the caller has stopped waiting. Steps that have not started need not start. */
  readonly isOver: boolean;
}

/** Checks for `readOptions`. */
export const CALL_LIMITS: OptionChecks<CallLimits> = { timeoutMs: duration, signal: abortSignal };

/**
 * Waits for `work` within limits.
 *
 * @param what the call's name in errors: "the lookup"
 * @param begin starts the work; not called if the signal is already aborted. Work with several steps checks `isOver`
 * between them
 * @throws EW_TIMEOUT, EW_ABORTED (its `cause` is the signal's reason), errors of the work
 */
export function withinLimits<T>(
  what: string,
  { timeoutMs = Infinity, signal }: CallLimits,
  begin: (call: CallState) => Promise<T>,
): Promise<T> {
  if (timeoutMs === Infinity && signal === undefined) return begin(UNLIMITED);
  if (signal?.aborted === true) return Promise.reject(abortedError(what, signal));
  const call = { isOver: false };
  const work = begin(call);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => end(() => reject(abortedError(what, signal!)));
    const onTimeout = (): void => end(() => reject(timeoutError(what, timeoutMs)));
    const timer =
      timeoutMs === Infinity ? undefined : setTimeout(onTimeout, Math.min(timeoutMs, MAX_TIMER_MS));
    const stopListening = signal && hearAbort(signal, onAbort);
    const end = (settle: () => void): void => {
      call.isOver = true;
      clearTimeout(timer);
      stopListening?.();
      settle();
    };
    work.then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    );
  });
}

const UNLIMITED: CallState = { isOver: false };

function abortedError(what: string, signal: AbortSignal): EverwarpError {
  return new EverwarpError("EW_ABORTED", `${what} was aborted by its signal`, {
    remedy: "Ask again if the answer is still wanted.",
    cause: signal.reason,
  });
}

function timeoutError(what: string, timeoutMs: number): EverwarpError {
  return new EverwarpError("EW_TIMEOUT", `${what} was not answered within ${timeoutMs} ms`, {
    remedy: "Allow more time, or ask for less at once.",
  });
}
