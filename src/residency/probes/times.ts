/** Statistics of repeated measurements. */
import type { Times } from "../profile/index.ts";

/** Summarizes times of repetitions. @param timesUs at least one time, in microseconds, in any order */
export function timesOf(timesUs: readonly number[]): Times {
  const sorted = timesUs.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50Us: at(0.5), p99Us: at(0.99) };
}
