/**
 * Does a loop run as often as it says? Mesa's software driver before 25.0 ends all loops of an invocation after 65,535
 * rounds, silently.
 */
import type { Device } from "../../vulkan/index.ts";
import { ProbeKernel } from "./probe-kernel.ts";

/** @returns how many of `rounds` rounds were run */
export async function probeLoopLimit(device: Device, rounds: number): Promise<number> {
  using kernel = await ProbeKernel.open(device, "stay");
  kernel.run({ limit: rounds, value: 1 });
  return kernel.answer[0] ?? 0;
}
