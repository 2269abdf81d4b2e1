/**
 * How many cases a property test tries, and which. EVERWARP_PROPERTY_RUNS is their number. EVERWARP_PROPERTY_SEED is a
 * number, which makes the same cases each time, or `new`, which makes others in every run. Without it the cases are
 * always the same: a change is refused for what it broke, and not for a case that nobody has tried before.
 *
 * A failure is told at once. fast-check looks for a smaller failure only when a number is given: where a failure comes
 * and goes, as races do, that search may go on for hours.
 */
import { randomInt } from "node:crypto";

export interface PropertyRuns {
  readonly numRuns: number;
  readonly endOnFailure: boolean;
}

const USUAL_SEED = "1";

/** The seed of a test that makes its cases without fast-check. Its failures must tell it. */
export function propertySeed(): number {
  const { EVERWARP_PROPERTY_SEED: seed = USUAL_SEED } = process.env;
  if (seed === "new") return randomInt(2 ** 31);
  if (!/^-?\d+$/.test(seed))
    throw new Error(`EVERWARP_PROPERTY_SEED is ${seed}, and neither a number nor "new"`);
  return Number(seed);
}

/** Parameters for `fc.assert`, whose failures tell the seed. */
export function propertyRuns(byDefault: number): PropertyRuns {
  const { EVERWARP_PROPERTY_RUNS: runs, EVERWARP_PROPERTY_SEED: seed } = process.env;
  return {
    numRuns: Number(runs ?? byDefault),
    endOnFailure: seed === undefined || seed === "new",
  };
}
