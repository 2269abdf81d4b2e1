/**
 * Measures how long a kernel may run before the driver ends it, with launches of growing length that end by themselves.
 */
import { EverwarpError } from "../../base/index.ts";
import type { Device } from "../../vulkan/index.ts";
import type { LeaseReading } from "../profile/index.ts";
import { launched, ProbeKernel } from "./probe-kernel.ts";

const LENGTHS_MS = [10, 50, 200, 1_000] as const;
/** Longest launch on drivers that are not known to end kernels, or with `isLong`. */
const LONG_MS = 3_000;
const CALIBRATION_ROUNDS = 20_000;
/** A calibration shorter than this is repeated with more rounds. */
const CALIBRATION_MS = 5;
/** A launch counts if it lasted at least this share of its planned length. Otherwise it is repeated. */
const NEARLY = 0.9;
const ATTEMPTS = 4;
/** Specialization constant of the kernel that makes rounds slower. */
const SLOW_ID = 1;
const LIMITED_ROUNDS = 60_000;

/**
 * @param options.isLong also tries lengths that desktop watchdogs do not allow
 * @param options.loopLimit rounds after which the driver ends loops, if it does
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
    await stay(1, 1); // the first launch includes compilation
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
        // Rounds are faster now than during the calibration, when the device or the host was busy.
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
