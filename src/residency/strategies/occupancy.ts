/**
 * How many workgroups of a kernel are resident together, found by asking: every workgroup signs in when it starts, and
 * the ones that do not fit cannot. A launch with too many is stopped (those that waited end at once) and repeated with
 * as many as signed in; or it is refused, where the kernel was written for so many and no fewer.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { EAGER_MS, EverwarpError } from "../../base/index.ts";
import { Phase } from "../queue/index.ts";
import type { Launcher } from "./launcher.ts";

/** How long the number of started workgroups must stand still. */
const SETTLED_MS = 10;
const START_TIMEOUT_MS = 5_000;
/**
 * A software driver compiles a kernel when it is first launched, which may take seconds, and far more of them where its
 * threads wait for others.
 */
const SOFTWARE_START_TIMEOUT_MS = 60_000;

function startTimeoutMs({ device }: Launcher): number {
  return device.info.type === "cpu" ? SOFTWARE_START_TIMEOUT_MS : START_TIMEOUT_MS;
}

/**
 * Waits until all workgroups of a launch have started, or no more do.
 * @param settledMs how long their number stands still when no more do
 * @returns how many started; all of them where the launch has ended already
 */
export async function countStarted(
  launcher: Launcher,
  epoch: number,
  workgroupCount: number,
  settledMs = SETTLED_MS,
): Promise<number> {
  const begin = performance.now();
  const timeoutMs = startTimeoutMs(launcher);
  let alive = 0;
  let changed = begin;
  for (let now = begin; now - begin < timeoutMs; now = performance.now()) {
    const seen = launcher.aliveCount(epoch, workgroupCount);
    if (seen !== alive) changed = now;
    alive = seen;
    if (alive === workgroupCount || launcher.phaseOf(epoch) !== Phase.RUNNING) return workgroupCount;
    if (alive > 0 && now - changed > settledMs) break;
    await (now - begin < EAGER_MS ? turn() : sleep(1));
  }
  return alive;
}

/**
 * Launches, with fewer and fewer workgroups, until all of a launch are resident; returns their number.
 * @param least fewer than these are of no use
 * @throws EW_NO_ROOM when none starts, or too few
 */
export async function launchResident(
  launcher: Launcher,
  wanted: number,
  least: number,
  launch: (workgroupCount: number) => number,
  stop: (timeoutMs: number) => Promise<void>,
): Promise<number> {
  const timeoutMs = startTimeoutMs(launcher);
  for (let count = wanted; ;) {
    // A busy machine may start the last ones late: where they are needed they are waited for.
    const started = await countStarted(launcher, launch(count), count, count > least ? SETTLED_MS : Infinity);
    if (started === count) return count;
    await stop(timeoutMs);
    if (started === 0) {
      throw new EverwarpError("EW_NO_ROOM", `no workgroup started within ${timeoutMs} ms`, {
        remedy: "Another program may hold the device; try again when it has ended, or choose another device.",
      });
    }
    if (started < least) {
      throw new EverwarpError(
        "EW_NO_ROOM",
        `${started} of ${count} workgroups started within ${timeoutMs} ms, and the kernel needs ${least}`,
        { remedy: "Launch it with fewer workgroups, or choose the strategy batch." },
      );
    }
    count = started;
  }
}
