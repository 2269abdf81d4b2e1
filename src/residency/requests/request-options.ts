/** What a caller may ask of one request. */
import { abortSignal, boolean, type OptionChecks, positiveDuration, readOptions } from "../../base/index.ts";
import type { Lane } from "../queue/index.ts";

/** What a caller may ask of a request. */
export interface RequestOptions {
  /** Goes before all that are not. */
  urgent?: boolean;
  /** Milliseconds from the call after which the caller is told EW_DEADLINE_EXCEEDED; more than 0. */
  deadlineMs?: number;
  /** Calls the request off as long as it waits in the line. */
  signal?: AbortSignal;
}

/** The lane of a request. */
const REQUEST_OPTIONS: OptionChecks<RequestOptions> = {
  urgent: boolean,
  deadlineMs: positiveDuration,
  signal: abortSignal,
};

/** @throws EW_BAD_ARGUMENT */
export function readRequestOptions(given: unknown): RequestOptions {
  return readOptions("the options of a request", given, REQUEST_OPTIONS);
}

export function laneOf(options: RequestOptions | undefined): Lane {
  return options?.urgent === true ? 1 : 0;
}
