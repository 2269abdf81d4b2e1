/** How many cases a property test tries, and which: by default some; by EVERWARP_PROPERTY_RUNS as many as one likes, by EVERWARP_PROPERTY_SEED those that failed. */

export interface PropertyRuns {
  readonly numRuns: number;
  readonly seed?: number;
}

/** Parameters for `fc.assert`, whose failures tell the seed. */
export function propertyRuns(byDefault: number): PropertyRuns {
  const { EVERWARP_PROPERTY_RUNS: runs, EVERWARP_PROPERTY_SEED: seed } = process.env;
  return {
    numRuns: Number(runs ?? byDefault),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
}
