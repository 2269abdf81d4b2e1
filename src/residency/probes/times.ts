/** @param timesUs one time a repetition, at least one; in any order */
import type { Times } from "../profile/index.ts";
/** Sums up times of repetitions, in microseconds. */
export function timesOf(timesUs: readonly number[]): Times {
  const sorted = timesUs.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50Us: at(0.5), p99Us: at(0.99) };
}
