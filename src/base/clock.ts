/** Monotonic time. Nothing here follows the wall clock, so differences are always meaningful and never negative. */

/** Microseconds since the process began, with a resolution far below one. */
export function nowUs(): number {
  return performance.now() * 1000;
}

/** Milliseconds since the process began. */
export function nowMs(): number {
  return performance.now();
}
