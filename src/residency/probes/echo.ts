/** The echo kernel, as probes launch it. */
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";
import { launchEcho, type ProgramLoopOptions, type ResidentLoop } from "../launch/index.ts";
import type { Times } from "../profile/index.ts";
import { timesOf } from "./times.ts";

const WORKGROUP_SIZE = 32;
const ROUND_TIMEOUT_MS = 1_000;
/**
 * Timeout on software drivers. Their threads compete for the host's cores, so a launch on a busy machine may take
 * seconds.
 */
const SOFTWARE_ROUND_TIMEOUT_MS = 30_000;

/** Launches an echo kernel, runs `body` with it, and stops it. */
export async function withEcho<T>(
  device: Device,
  options: Omit<ProgramLoopOptions, "device">,
  body: (loop: ResidentLoop, timeoutMs: number) => T,
): Promise<T> {
  await using echo = await launchEcho({ device, slotCount: 16, ...options }, WORKGROUP_SIZE, "echo probe");
  return body(echo.loop, device.info.type === "cpu" ? SOFTWARE_ROUND_TIMEOUT_MS : ROUND_TIMEOUT_MS);
}

/**
 * Sends an echo kernel one request.
 * @param timeoutMs how long to wait; `withEcho` provides it
 * @returns microseconds; undefined for no answer or a wrong one
 */
export function askEcho(loop: ResidentLoop, word: number, timeoutMs: number): number | undefined {
  const begin = performance.now();
  const ticket = loop.submit(new Uint32Array([word]));
  const isRight =
    loop.waitSync(ticket, timeoutMs) && ticket.failure === undefined && ticket.result === word + 1;
  return isRight ? (performance.now() - begin) * 1000 : undefined;
}

/** Times many requests, one after the other. @throws EW_KERNEL_FAULT for a wrong or missing answer */
export function timeEcho(loop: ResidentLoop, rounds: number, timeoutMs: number): Times {
  const timesUs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const timeUs = askEcho(loop, round * 977, timeoutMs);
    if (timeUs === undefined) {
      throw (
        loop.lossReason ??
        new EverwarpError(
          "EW_KERNEL_FAULT",
          `request ${round} of an echo kernel had no answer, or a wrong one`,
        )
      );
    }
    timesUs.push(timeUs);
  }
  return timesOf(timesUs);
}
