/** The options of one request. */
import { abortSignal, duration, type OptionChecks, oneOf, readOptions } from "../../base/index.ts";
import type { Priority } from "../queue/index.ts";

/** Options of `call` and `tryCall`. */
export interface CallOptions {
  /** Milliseconds after which the call fails with EW_TIMEOUT. Default: no limit. */
  readonly timeoutMs?: number;
  /** Cancels the request while it is pending. A request that was published is still performed. */
  readonly signal?: AbortSignal;
  /** An urgent request goes before all normal ones. Default: `"normal"`. */
  readonly priority?: "normal" | "urgent";
}

/** Options of `callSync`. It has no signal, because the event loop could not deliver one. */
export type SyncCallOptions = Omit<CallOptions, "signal">;

const SYNC_CALL_OPTIONS: OptionChecks<SyncCallOptions> = {
  timeoutMs: duration,
  priority: oneOf("normal", "urgent"),
};
const CALL_OPTIONS: OptionChecks<CallOptions> = { ...SYNC_CALL_OPTIONS, signal: abortSignal };

/** Checks the options of a call. @throws EW_BAD_ARGUMENT */
export function readCallOptions(given: unknown): CallOptions {
  return readOptions("the options of a call", given, CALL_OPTIONS);
}

/** Checks the options of `callSync`. @throws EW_BAD_ARGUMENT */
export function readSyncCallOptions(given: unknown): SyncCallOptions {
  return readOptions("the options of callSync", given, SYNC_CALL_OPTIONS);
}

/** The priority that a request asks for: 1 is urgent, 0 is normal. */
export function priorityOf(options: CallOptions | undefined): Priority {
  return options?.priority === "urgent" ? 1 : 0;
}
