/** The echo kernel as probes launch it: the smallest resident kernel. */
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";
import { launchEcho, type ProgramLoopOptions, type ResidentLoop } from "../launch/index.ts";
import type { Times } from "../profile/index.ts";
import { timesOf } from "./times.ts";

const WORKGROUP_SIZE = 32;
const ROUND_TIMEOUT_MS = 1_000;
/**
 * A software driver's threads wait for the host's cores like everybody: on a busy machine one launch may take seconds.
 */
const SOFTWARE_ROUND_TIMEOUT_MS = 30_000;

/** Launches an echo kernel, lets `body` use it, and stops it. */
export async function withEcho<T>(
  device: Device,
  options: Omit<ProgramLoopOptions, "device">,
  body: (loop: ResidentLoop, timeoutMs: number) => T,
): Promise<T> {
  await using echo = await launchEcho({ device, slotCount: 16, ...options }, WORKGROUP_SIZE, "echo probe");
  return body(echo.loop, device.info.type === "cpu" ? SOFTWARE_ROUND_TIMEOUT_MS : ROUND_TIMEOUT_MS);
}

/**
 * Asks an echo kernel once.
 * @param timeoutMs after which there is no answer: what `withEcho` gives
 * @returns µs, or undefined where no answer came, or a wrong one
 */
export function askEcho(loop: ResidentLoop, word: number, timeoutMs: number): number | undefined {
  const begin = performance.now();
  const ticket = loop.submit(new Uint32Array([word]));
  const isRight =
    loop.waitSync(ticket, timeoutMs) && ticket.failure === undefined && ticket.result === word + 1;
  return isRight ? (performance.now() - begin) * 1000 : undefined;
}

/** Times of many requests, one after the other. @throws EW_KERNEL_FAULT for a wrong answer or none */
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
