/** What a caller may ask of one request. */
import { abortSignal, type OptionChecks, duration, oneOf, readOptions } from "../../base/index.ts";
import type { Priority } from "../queue/index.ts";

/** Options of `call` and `tryCall`. */
export interface CallOptions {
  /** Milliseconds from the call after which the caller is told EW_TIMEOUT. Default: no limit. */
  readonly timeoutMs?: number;
  /** Calls the request off while it is pending. A request that was published is still performed. */
  readonly signal?: AbortSignal;
  /** An urgent request goes before all normal ones. Default: `"normal"`. */
  readonly priority?: "normal" | "urgent";
}

/** Options of `callSync`, during which no signal could be heard. */
export type SyncCallOptions = Omit<CallOptions, "signal">;

const SYNC_CALL_OPTIONS: OptionChecks<SyncCallOptions> = {
  timeoutMs: duration,
  priority: oneOf("normal", "urgent"),
};
const CALL_OPTIONS: OptionChecks<CallOptions> = { ...SYNC_CALL_OPTIONS, signal: abortSignal };

/** Checks what a caller gave. @throws EW_BAD_ARGUMENT */
export function readCallOptions(given: unknown): CallOptions {
  return readOptions("the options of a call", given, CALL_OPTIONS);
}

/** The same for `callSync`. @throws EW_BAD_ARGUMENT */
export function readSyncCallOptions(given: unknown): SyncCallOptions {
  return readOptions("the options of callSync", given, SYNC_CALL_OPTIONS);
}

/** The number of the priority that a request asks for: 1 is urgent, 0 is normal. */
export function priorityOf(options: CallOptions | undefined): Priority {
  return options?.priority === "urgent" ? 1 : 0;
}
