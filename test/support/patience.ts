/**
 * How long tests wait. A test asserts no time; where it must wait for something that may never come, or plays a time-out, the time grows
 * with the load of the machine.
 */
import { availableParallelism, loadavg } from "node:os";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Processes that want to run now. The average of a minute lags behind. */
function runningCount(): number {
  try {
    return Number(/(\d+)\/\d+ \d+\s*$/.exec(readFileSync("/proc/loadavg", "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // no Linux: the average has to do
  }
}

/** 1 on an idle machine, 5 where eight processes share two cores. */
export function patience(): number {
  return 1 + Math.max(loadavg()[0] ?? 0, runningCount() - 1) / availableParallelism();
}

/** A time that is enough on an idle machine, for the machine as it is. */
export function patientMs(idleMs: number): number {
  return Math.round(idleMs * patience());
}

/** After which a test counts as hung; far longer than any takes. A longer wait for an answer is of no use. */
export const TEST_TIMEOUT_MS = patientMs(300_000);

/** Waits until something is so, however long that takes: the test's own limit ends it. */
export async function until(isSo: () => boolean, pauseMs = 1): Promise<void> {
  while (!isSo()) await sleep(pauseMs);
}
