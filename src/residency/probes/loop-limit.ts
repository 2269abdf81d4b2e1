/**
 * Measures whether a loop runs as often as it should. Mesa's software driver before 25.0 silently ends loops after
 * 65,535 rounds of an invocation.
 */
import type { Device } from "../../vulkan/index.ts";
import { ProbeKernel } from "./probe-kernel.ts";

/** @returns how many of `rounds` rounds ran */
export async function probeLoopLimit(device: Device, rounds: number): Promise<number> {
  using kernel = await ProbeKernel.open(device, "stay");
  kernel.run({ limit: rounds, value: 1 });
  return kernel.answer[0] ?? 0;
}
