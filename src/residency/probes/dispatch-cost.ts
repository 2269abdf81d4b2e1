/** Measures the cost of a dispatch, step by step. */
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";
import type { DispatchCost } from "../profile/index.ts";
import { ProbeKernel } from "./probe-kernel.ts";
import { timesOf } from "./times.ts";

const REPETITIONS = 200;
const WARM_UPS = 10;
const SPIN_TIMEOUT_MS = 1_000;

/** Times the steps of a dispatch, 200 times each. Returns microseconds. */
export async function probeDispatchCost(device: Device): Promise<DispatchCost> {
  using kernel = await ProbeKernel.open(device, "touch");
  const times: Record<keyof DispatchCost, number[]> = {
    record: [],
    submit: [],
    fenceWait: [],
    answerSeen: [],
    fencePoll: [],
    fenceReset: [],
  };
  const commandBuffer = device.createCommandBuffer();
  const fence = device.createFence();
  kernel.guard(() => {
    for (let index = 1; index <= 2 * (REPETITIONS + WARM_UPS); index++) {
      const isSpinning = index % 2 === 0;
      const t0 = performance.now();
      commandBuffer.record((recorder) => kernel.record(recorder, { value: index }));
      const t1 = performance.now();
      device.queue.submit(commandBuffer, fence);
      const t2 = performance.now();
      if (isSpinning) spinUntil(kernel.answer, index);
      else expectEnd(fence.wait({ timeoutMs: SPIN_TIMEOUT_MS }));
      const t3 = performance.now();
      expectEnd(fence.wait({ timeoutMs: SPIN_TIMEOUT_MS }));
      const t4 = performance.now();
      fence.signaled();
      const t5 = performance.now();
      fence.reset();
      const t6 = performance.now();
      if (index <= 2 * WARM_UPS) continue;
      times.record.push((t1 - t0) * 1000);
      times.submit.push((t2 - t1) * 1000);
      times[isSpinning ? "answerSeen" : "fenceWait"].push((t3 - t2) * 1000);
      times.fencePoll.push((t5 - t4) * 1000);
      times.fenceReset.push((t6 - t5) * 1000);
    }
  });
  fence[Symbol.dispose]();
  commandBuffer[Symbol.dispose]();
  return {
    record: timesOf(times.record),
    submit: timesOf(times.submit),
    fenceWait: timesOf(times.fenceWait),
    answerSeen: timesOf(times.answerSeen),
    fencePoll: timesOf(times.fencePoll),
    fenceReset: timesOf(times.fenceReset),
  };
}

function spinUntil(answer: Uint32Array, value: number): void {
  const end = performance.now() + SPIN_TIMEOUT_MS;
  while (answer[0] !== value) expectEnd(performance.now() < end);
}

function expectEnd(isInTime: boolean): void {
  if (isInTime) return;
  throw new EverwarpError("EW_TIMEOUT", `an empty dispatch did not end within ${SPIN_TIMEOUT_MS} ms`, {
    remedy: "Something else may hold the device; try again.",
  });
}
