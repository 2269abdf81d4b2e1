/** Why a measurement is left out. */
import { EverwarpError } from "../../base/index.ts";

/** An error with the code EW_BENCH_SKIPPED: the row is reported as skipped, for this reason. */
export function skip(reason: string): EverwarpError {
  return new EverwarpError("EW_BENCH_SKIPPED", reason);
}
