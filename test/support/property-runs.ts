/**
 * How many cases a property test tries, and which: by default some; by EVERWARP_PROPERTY_RUNS as many as one likes, by EVERWARP_PROPERTY_SEED those that failed.
 *
 * A failure is told at once. The search for a smaller one takes the seed: where a failure comes and goes, as races do, it may go on for hours.
 */

export interface PropertyRuns {
  readonly numRuns: number;
  readonly seed?: number;
  readonly endOnFailure: boolean;
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
