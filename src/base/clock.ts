/** Monotonic time. It does not follow the wall clock, so differences are always meaningful and never negative. */

/** The longest time that a timer of Node takes, in milliseconds. Node fires timers above it at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds since the process began, with a resolution far below a microsecond. */
export function nowMs(): number {
  return performance.now();
}
