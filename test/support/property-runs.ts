/**
 * How many cases a property test tries, and which. EVERWARP_PROPERTY_RUNS is their number. EVERWARP_PROPERTY_SEED makes
 * the same cases again; without it, every run makes others.
 *
 * A failure is told at once. fast-check looks for a smaller failure only when the seed is given: where a failure comes
 * and goes, as races do, that search may go on for hours.
 */
import { randomInt } from "node:crypto";

export interface PropertyRuns {
  readonly numRuns: number;
  readonly seed?: number;
  readonly endOnFailure: boolean;
}

/** The seed of a test that makes its cases without fast-check. Its failures must tell it. */
export function propertySeed(): number {
  return Number(process.env["EVERWARP_PROPERTY_SEED"] ?? randomInt(2 ** 31));
}

/** Parameters for `fc.assert`, whose failures tell the seed. */
export function propertyRuns(byDefault: number): PropertyRuns {
  const { EVERWARP_PROPERTY_RUNS: runs, EVERWARP_PROPERTY_SEED: seed } = process.env;
  return {
    numRuns: Number(runs ?? byDefault),
    endOnFailure: seed === undefined,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
}
