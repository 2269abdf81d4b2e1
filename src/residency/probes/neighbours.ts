/**
 * Measures how many kernels can run side by side: one workgroup on each leasable queue, and then an empty dispatch on
 * the main queue.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CommandBuffer, Device, Fence, QueueLease } from "../../vulkan/index.ts";
import type { NeighboursReading } from "../profile/index.ts";
import { pollsToStay, SIGN } from "./occupancy.ts";
import { ProbeKernel } from "./probe-kernel.ts";
import { Occupancy } from "./probe.schema.ts";

/** How long each kernel may take to start. */
const START_MS = 50;
/** Longer than all kernels take to start, and below the limit of every watchdog. */
const STAY_MS = 600;
const WORKGROUP_SIZE = 64;

interface Launch {
  readonly commandBuffer: CommandBuffer;
  readonly fence: Fence;
}

/** @param loopLimit rounds after which the driver ends loops, if it does */
export async function probeNeighbours(
  device: Device,
  loopLimit: number | undefined,
): Promise<NeighboursReading> {
  const leases = leaseAll(device);
  if (leases.length === 0) return { queues: 0, together: 0, isMainFree: undefined };
  using kernel = await ProbeKernel.open(device, "occupancy", {
    specialization: { 0: WORKGROUP_SIZE },
    answerWords: leases.length,
  });
  using touch = await ProbeKernel.open(device, "touch");
  const tickets = kernel.scratch(Occupancy.WORDS * 4);
  const limit = await pollsToStay(kernel, tickets, STAY_MS, loopLimit);
  device.run((recorder) => recorder.fill(tickets, 0, tickets.sizeBytes, 0));
  kernel.answer.fill(0);
  touch.run({ value: 1 }); // the first launch includes compilation
  const launches: Launch[] = [];
  let together = 0;
  for (const { queue } of leases) {
    const record = (recorder: Parameters<ProbeKernel["record"]>[0]): void =>
      kernel.record(recorder, { target: tickets.address, limit, value: SIGN });
    const launch = { commandBuffer: device.record(record, { queue }), fence: device.createFence() };
    launches.push(launch);
    queue.submit(launch.commandBuffer, launch.fence);
    const hasStarted = await signsIn(kernel, together);
    if (!hasStarted || launches.some(({ fence }) => fence.signaled())) break;
    together++;
  }
  const main = {
    commandBuffer: device.record((recorder) => touch.record(recorder, { value: 2 })),
    fence: device.createFence(),
  };
  device.queue.submit(main.commandBuffer, main.fence);
  const isDone = await main.fence.waitAsync({ timeoutMs: START_MS });
  const isMainFree = isDone && launches.slice(0, together).every(({ fence }) => !fence.signaled());
  kernel.end();
  for (const { commandBuffer, fence } of [...launches, main]) {
    await kernel.finish(fence, 2_000);
    fence[Symbol.dispose]();
    commandBuffer[Symbol.dispose]();
  }
  for (const lease of leases) lease.release();
  return { queues: leases.length, together, isMainFree };
}

function leaseAll(device: Device): QueueLease[] {
  const leases: QueueLease[] = [];
  for (let lease = device.leaseComputeQueue(); lease !== undefined; lease = device.leaseComputeQueue())
    leases.push(lease);
  return leases;
}

async function signsIn(kernel: ProbeKernel, ticket: number): Promise<boolean> {
  const begin = performance.now();
  while (kernel.answer[ticket] !== SIGN) {
    if (performance.now() - begin > START_MS) return false;
    await sleep(1);
  }
  return true;
}
