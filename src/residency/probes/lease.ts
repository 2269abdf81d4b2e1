/** How long a kernel may stay before the driver ends it: launches of growing length, each with an end of its own. */
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";
import type { LeaseReading } from "../profile/index.ts";
import { launched, ProbeKernel } from "./probe-kernel.ts";

const LENGTHS_MS = [10, 50, 200, 1_000] as const;
/** Where nothing is known to end kernels, or the user said so. */
const LONG_MS = 3_000;
const CALIBRATION_ROUNDS = 20_000;
/** A calibration shorter than this is repeated with more rounds. */
const CALIBRATION_MS = 5;
/** A launch that came this near to its length is taken for it; others are repeated. */
const NEARLY = 0.9;
const ATTEMPTS = 4;
/** Specialization constant of the kernel: rounds that last longer. */
const SLOW_ID = 1;
const LIMITED_ROUNDS = 60_000;

/**
 * @param options.isLong also try the length that watchdogs of desktops do not allow
 * @param options.loopLimit rounds after which loops end by themselves, where they do
 */
export async function probeLease(
  device: Device,
  options: { isLong: boolean; loopLimit: number | undefined },
): Promise<LeaseReading> {
  const { isLong, loopLimit } = options;
  using kernel = await ProbeKernel.open(device, "stay", { specialization: { [SLOW_ID]: 1 } });
  let value = 0;
  const stay = async (rounds: number, expectedMs: number): Promise<number> => {
    kernel.answer.fill(0);
    value++;
    const begin = performance.now();
    await launched(
      device,
      (recorder) => kernel.record(recorder, { limit: rounds, value }),
      (fence) => kernel.finish(fence, expectedMs * 3 + 2_000),
    );
    const tookMs = performance.now() - begin;
    if (kernel.answer[1] !== value || kernel.answer[0] !== rounds) {
      throw new EverwarpError(
        "EW_DEVICE_LOST",
        `a kernel of ${rounds} rounds ended after ${kernel.answer[0]}, and the driver says nothing of it`,
      );
    }
    return tookMs;
  };
  const maxRounds = loopLimit === undefined ? 0xffff_ffff : LIMITED_ROUNDS;
  let survivedMs = 0;
  let lengthMs: number = CALIBRATION_MS;
  try {
    await stay(1, 1); // the first launch compiles
    let rounds = CALIBRATION_ROUNDS;
    survivedMs = await stay(rounds, 100);
    while (survivedMs < CALIBRATION_MS && rounds * 4 <= maxRounds) {
      rounds *= 4;
      survivedMs = await stay(rounds, 100);
    }
    let roundMs = survivedMs / rounds;
    for (lengthMs of isLong ? [...LENGTHS_MS, LONG_MS] : LENGTHS_MS) {
      for (let attempt = 0; attempt < ATTEMPTS && survivedMs < lengthMs * NEARLY; attempt++) {
        const wanted = Math.ceil(lengthMs / roundMs);
        rounds = Math.min(wanted, maxRounds);
        const tookMs = await stay(rounds, lengthMs);
        survivedMs = Math.max(survivedMs, tookMs);
        // Rounds are quicker than they were when the device, or its host, was busy.
        roundMs = tookMs / rounds;
        if (wanted > maxRounds)
          return { survivedMs, lostAtMs: undefined, limit: `loops end after ${loopLimit} rounds` };
      }
    }
  } catch (error) {
    if (!(error instanceof EverwarpError && error.code === "EW_DEVICE_LOST")) throw error;
    return { survivedMs, lostAtMs: lengthMs, limit: error.message };
  }
  const limit = isLong
    ? "no longer one was tried"
    : "this driver is known to end kernels: --long asks for more";
  return { survivedMs, lostAtMs: undefined, limit };
}
