/** How answers are waited for: one driver for every system, and the limits of a call. */
export { CALL_LIMITS, type CallLimits, type CallState, withinLimits } from "./call-limits.ts";
export { CALLER_DONE, CompletionDriver, type DrivenRequests } from "./completion-driver.ts";
export { Deferred } from "./deferred.ts";
export { EventLoopTurns } from "./event-loop-turns.ts";
