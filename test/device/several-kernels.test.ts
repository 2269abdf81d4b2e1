/** Several kernels on one device: side by side where there are queues, one after another's launches where they share one, refused where they would wait for ever. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { profileOf } from "../../src/residency/device/profiled-device.ts";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import type { StrategyName } from "../../src/residency/strategies/strategy-name.ts";
import { struct, u32 } from "../../src/schema/index.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

let device: Device;
let queueCount: number;
beforeAll(async () => {
  device = openTestDevice();
  await profileOf(device);
  const lease = device.leaseComputeQueue();
  queueCount = lease === undefined ? 1 : 2;
  lease?.release();
});
afterAll(() => device?.close());

/** Answers the value, plus `offset`: kernels of different text, so that each needs a pipeline of its own. */
const launch = (
  strategy: StrategyName,
  offset: number,
): Promise<ResidentKernel<typeof Request, typeof Response>> =>
  ResidentKernel.open({
    device,
    label: `offset ${offset}`,
    source: {
      text: `#version 460
#include "kernel.glsl"
void perform(uint slot) {
  uint value = requestAt(slot).value + ${offset}u;
  if (gl_LocalInvocationIndex == 0u) respond(slot, Response(value));
}`,
    },
    request: Request,
    response: Response,
    strategy,
  });
const Request = struct("Request", { value: u32 });
const Response = struct("Response", { value: u32 });

it("kernels whose launches end share a queue", async () => {
  await using first = await launch("batch", 10);
  await using second = await launch("redispatch", 20);
  await using third = await launch("dispatch", 30);
  const kernels = [first, second, third];
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, value) => kernels[value % 3]?.call({ value })),
  );
  expect(answers.map((answer) => answer?.value)).toEqual(
    Array.from({ length: 30 }, (_, value) => value + 10 * ((value % 3) + 1)),
  );
});

it.each([
  ["continuous", "continuous"],
  ["continuous", "batch"],
  ["leased", "dispatch"],
  ["batch", "leased"],
] as const)("beside %s, %s runs or is refused at once, and the first goes on", async (holds, comes) => {
  await using first = await launch(holds, 1);
  expect((await first.call({ value: 1 })).value).toBe(2);
  if (queueCount > 1) {
    await using second = await launch(comes, 2);
    expect((await second.call({ value: 1 })).value).toBe(3);
  } else {
    const handles = device.liveHandles;
    await expect(launch(comes, 2)).rejects.toMatchObject({
      code: "EW_NO_ROOM",
      message: expect.stringContaining('"offset 1"') as string,
    });
    expect(device.liveHandles).toEqual(handles);
  }
  expect((await first.call({ value: 5 })).value).toBe(6);
  await first[Symbol.asyncDispose]();
  // The place is free again.
  await using next = await launch(comes, 2);
  expect((await next.call({ value: 1 })).value).toBe(3);
});
