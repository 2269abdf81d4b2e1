/**
 * Measures how many workgroups can be resident together. Every workgroup takes a ticket when it starts. The host closes
 * the sign-in when the number of tickets stops growing. Ticketed occupancy discovery: Sorensen et al., "Portable
 * inter-workgroup barrier synchronisation for GPUs", OOPSLA 2016.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Device, DeviceBuffer, Fence } from "../../vulkan/index.ts";
import type { OccupancyReading } from "../profile/index.ts";
import { launched, ProbeKernel } from "./probe-kernel.ts";
import { Occupancy } from "./probe.schema.ts";

/** Workgroup sizes that the probe measures. */
export const OCCUPANCY_SIZES = [64, 256, 1024] as const;

/** Number of launched workgroups: more than any device keeps. A software driver needs a thread for each, and has 32. */
const ATTEMPT_HARDWARE = 16_384;
const ATTEMPT_SOFTWARE = 256;
/** How long the number must stay constant. */
const SETTLED_MS = 20;
/**
 * How long a single workgroup would stay if it does not see the host's stores. Many workgroups slow each other down, so
 * this is far below the limit of every watchdog.
 */
const STAY_MS = 100;
const CALIBRATION_POLLS = 20_000;
/** Polls that stay below the loop limit of drivers that have one. */
const LIMITED_POLLS = 60_000;
/** The value with which workgroups sign in. */
export const SIGN = 0x51a7;

/** @param loopLimit rounds after which the driver ends loops, if it does */
export async function probeOccupancy(
  device: Device,
  workgroupSize: number,
  loopLimit: number | undefined,
): Promise<OccupancyReading> {
  const attempt = Math.min(
    device.info.type === "cpu" ? ATTEMPT_SOFTWARE : ATTEMPT_HARDWARE,
    device.info.limits.maxWorkgroupCount[0],
  );
  using kernel = await ProbeKernel.open(device, "occupancy", {
    specialization: { 0: workgroupSize },
    answerWords: attempt,
  });
  const tickets = kernel.scratch(Occupancy.WORDS * 4);
  const limit = await pollsToStay(kernel, tickets, STAY_MS, loopLimit);
  let workgroupCount = 0;
  const isSettled = await launchAt(kernel, tickets, limit, attempt, async (fence) => {
    let changed = performance.now();
    let settled = false;
    while (!settled && !fence.signaled()) {
      const before = workgroupCount;
      while (workgroupCount < attempt && kernel.answer[workgroupCount] === SIGN) workgroupCount++;
      const now = performance.now();
      if (workgroupCount !== before || workgroupCount === 0) changed = now;
      settled = now - changed > SETTLED_MS;
      await sleep(1);
    }
    kernel.end();
    await kernel.finish(fence, 2_000);
    return settled;
  });
  if (!isSettled) workgroupCount = kernel.answer.reduce((count, word) => count + Number(word === SIGN), 0);
  return { workgroupSize, workgroupCount, isSettled };
}

/** The number of polls with which a single workgroup stays for about the given time, within the driver's loop limit. */
export async function pollsToStay(
  kernel: ProbeKernel,
  tickets: DeviceBuffer,
  stayMs: number,
  loopLimit: number | undefined,
): Promise<number> {
  const timed = async (limit: number): Promise<number> => {
    const begin = performance.now();
    await launchAt(kernel, tickets, limit, 1, (fence) => kernel.finish(fence, 1_000));
    return performance.now() - begin;
  };
  await timed(0); // the first launch includes compilation
  const emptyMs = await timed(0);
  const pollMs = Math.max(1e-6, ((await timed(CALIBRATION_POLLS)) - emptyMs) / CALIBRATION_POLLS);
  return Math.min(loopLimit === undefined ? 0xffff_ffff : LIMITED_POLLS, Math.ceil(stayMs / pollMs));
}

/** Launches the occupancy kernel with zeroed tickets. */
function launchAt<T>(
  kernel: ProbeKernel,
  tickets: DeviceBuffer,
  limit: number,
  workgroupCount: number,
  watch: (fence: Fence) => Promise<T>,
): Promise<T> {
  kernel.answer.fill(0);
  return launched(
    kernel.device,
    (recorder) => {
      recorder.fill(tickets, 0, tickets.sizeBytes, 0).barrier("transfer", "compute");
      kernel.record(recorder, { target: tickets.address, limit, value: SIGN }, workgroupCount);
    },
    watch,
  );
}
