/**
 * Hears abort signals: one listener on a signal, however many calls it limits. With a listener for each call, Node
 * warns of a leak at the eleventh.
 */

interface Hearing {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const hearings = new WeakMap<AbortSignal, Hearing>();

/**
 * Calls `call` once when the signal is aborted.
 * @param signal not aborted yet
 * @param call another one each time; must not throw
 * @returns hears no longer
 */
export function hearAbort(signal: AbortSignal, call: () => void): () => void {
  const hearing = hearings.get(signal) ?? beginHearing(signal);
  const { calls } = hearing;
  calls.add(call);
  return () => {
    if (calls.delete(call) && calls.size === 0) endHearing(signal, hearing);
  };
}

function beginHearing(signal: AbortSignal): Hearing {
  const calls = new Set<() => void>();
  const listener = (): void => {
    endHearing(signal, hearing);
    for (const call of calls) {
      calls.delete(call);
      call();
    }
  };
  const hearing = { calls, listener };
  hearings.set(signal, hearing);
  signal.addEventListener("abort", listener);
  return hearing;
}

/** Does nothing where it has ended. */
function endHearing(signal: AbortSignal, hearing: Hearing): void {
  if (hearings.get(signal) !== hearing) return;
  hearings.delete(signal);
  signal.removeEventListener("abort", hearing.listener);
}
