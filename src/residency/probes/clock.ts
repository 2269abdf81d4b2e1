/** Measures the rate of the device's clock against the host's clock. */
import { setTimeout as sleep } from "node:timers/promises";
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";
import { ProbeKernel } from "./probe-kernel.ts";

/** The minimum time between the two readings. */
const APART_MS = 20;
/** Number of attempts for a reading. The one with the narrowest bracket counts. */
const TRIES = 8;

interface ClockReading {
  /** The middle of the interval in which the kernel read its clock. */
  readonly hostMs: number;
  readonly widthMs: number;
  /** The low word of the clock. It wraps after a few seconds. On some drivers, only this word is correct. */
  readonly ticks: number;
}

/** The rate of a device's clock. */
export interface ClockRate {
  readonly ticksPerMs: number;
  /** The possible relative error, from the width of the brackets. */
  readonly errorShare: number;
}

/** @returns undefined if kernels have no clock */
export async function probeClock(device: Device): Promise<ClockRate | undefined> {
  if (!device.info.features.includes("shaderDeviceClock")) return undefined;
  using kernel = await ProbeKernel.open(device, "clock");
  read(kernel); // the first launch compiles
  const first = narrowest(kernel);
  await sleep(APART_MS);
  const second = narrowest(kernel);
  const apartMs = second.hostMs - first.hostMs;
  const ticks = (second.ticks - first.ticks) >>> 0;
  const ticksPerMs = ticks / apartMs;
  if (!(ticksPerMs > 0)) {
    throw new EverwarpError("EW_KERNEL_FAULT", `the device's clock went ${ticks} ticks in ${apartMs} ms`);
  }
  return { ticksPerMs, errorShare: (first.widthMs + second.widthMs) / 2 / apartMs };
}

function narrowest(kernel: ProbeKernel): ClockReading {
  let best = read(kernel);
  for (let index = 1; index < TRIES; index++) {
    const next = read(kernel);
    if (next.widthMs < best.widthMs) best = next;
  }
  return best;
}

function read(kernel: ProbeKernel): ClockReading {
  const begin = performance.now();
  kernel.run({});
  const end = performance.now();
  const [ticks = 0] = kernel.answer;
  return { hostMs: (begin + end) / 2, widthMs: end - begin, ticks };
}
