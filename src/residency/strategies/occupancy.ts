/**
 * Finds out how many workgroups of a kernel are resident together. Every workgroup signs in when it starts. Workgroups
 * that do not fit cannot start. A launch with too many workgroups is stopped (waiting workgroups then end at once) and
 * repeated with the number that signed in. If the kernel needs a minimum number, it is refused instead.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { EAGER_MS, EverwarpError } from "../../base/index.ts";
import { Phase } from "../queue/index.ts";
import type { Launcher } from "./launcher.ts";

/** How long the number of started workgroups must stay constant. */
const SETTLED_MS = 10;
const START_TIMEOUT_MS = 5_000;
/**
 * Timeout on software drivers. They compile a kernel at its first launch. That takes seconds, and much longer if its
 * threads wait for others.
 */
const SOFTWARE_START_TIMEOUT_MS = 60_000;

function startTimeoutMs({ device }: Launcher): number {
  return device.info.type === "cpu" ? SOFTWARE_START_TIMEOUT_MS : START_TIMEOUT_MS;
}

/**
 * Waits until all workgroups of a launch have started, or no more of them start.
 * @param settledMs how long the number must stay constant to conclude that no more will start
 * @returns how many started; all of them if the launch has ended already
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
 * Launches with fewer and fewer workgroups until all of a launch are resident. Returns their number.
 * @param least the minimum number of workgroups
 * @throws EW_NO_ROOM if no workgroup starts, or too few
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
    // A busy machine may start the last workgroups late. If they are required, wait for them.
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
