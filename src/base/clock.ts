/** Monotonic time. It does not follow the wall clock, so differences are always meaningful and never negative. */

/** Milliseconds since the process began, with a resolution far below a microsecond. */
export function nowMs(): number {
  return performance.now();
}
