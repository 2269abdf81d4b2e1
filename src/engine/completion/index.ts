/** How answers are waited for: one driver, and one set of times. */
export { Deferred } from "./deferred.ts";
export { EventLoopTurns } from "./event-loop-turns.ts";
