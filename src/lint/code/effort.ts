/**
 * How much an analysis may do. A module of some megabytes may have loops in loops, or ways through branches, in such
 * numbers that looking at all of them would take hours. What looks at more than each instruction once counts its steps
 * here, and the analysis ends with an error at a limit: the same one on every machine, as no clock is read.
 */
import { EverwarpError } from "../../base/index.ts";

/** Steps of an analysis. The largest kernel of this package needs less than a twentieth of it. */
const MAX_STEPS = 40_000_000;

/** The steps of one analysis. */
export class Effort {
  #steps = 0;

  /** Counts steps: each is about a look at one instruction. @throws EW_LINT_LIMIT when there are too many */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS)
      throw tooLarge(`its loops, branches and values would take more than ${MAX_STEPS} steps`);
  }
}

/** Steps for an entry of a set that is kept: they hold the memory of an analysis within bounds, too. */
export const KEPT = 32;

/** The error for a kernel that is too large to be analysed. */
export function tooLarge(what: string): EverwarpError {
  return new EverwarpError("EW_LINT_LIMIT", `the kernel is too large to be checked: ${what}`, {
    remedy: "Put fewer functions, loops and branches inside of each other, or split the kernel.",
  });
}
