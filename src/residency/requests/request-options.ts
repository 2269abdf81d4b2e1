/** What a caller may ask of one request. */
import { abortSignal, boolean, type OptionChecks, positiveDuration, readOptions } from "../../base/index.ts";
import type { Priority } from "../queue/index.ts";

/** What a caller may ask of a request. */
export interface CallOptions {
  /** Goes before all that are not. */
  urgent?: boolean;
  /** Milliseconds from the call after which the caller is told EW_DEADLINE_EXCEEDED; more than 0. */
  deadlineMs?: number;
  /** Calls the request off as long as it waits in the line. */
  signal?: AbortSignal;
}

/** The priority of a request. */
const CALL_OPTIONS: OptionChecks<CallOptions> = {
  urgent: boolean,
  deadlineMs: positiveDuration,
  signal: abortSignal,
};

/** @throws EW_BAD_ARGUMENT */
export function readCallOptions(given: unknown): CallOptions {
  return readOptions("the options of a request", given, CALL_OPTIONS);
}

/** The priority that a request's options ask for; 0, normal, where they do not say. */
export function priorityOf(options: CallOptions | undefined): Priority {
  return options?.urgent === true ? 1 : 0;
}
