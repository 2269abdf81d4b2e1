/** Random flags and patterns over random trees, beside ripgrep. EVERWARP_PROPERTY_RUNS makes more trees. */
import { describe, expect, it } from "vitest";
import { difference } from "../support/cli.ts";
import { randomArguments, randomTree } from "../support/cli-random.ts";
import { Random } from "../support/cli-random-source.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";

const FIRST_SEED = propertySeed();
const { numRuns: TREES } = propertyRuns(12);
const LINES_PER_TREE = 50;

describe("random trees", () => {
  it.each(Array.from({ length: TREES }, (_, index) => FIRST_SEED + index))("seed %d", async (seed) => {
    const random = new Random(seed);
    const dir = randomTree(random);
    const differences: string[] = [];
    for (let count = 0; count < LINES_PER_TREE; count++) {
      const found = await difference(dir, randomArguments(random));
      if (found !== undefined) differences.push(`${dir.path}: ${found}`);
    }
    expect(differences.join("\n\n")).toBe("");
    dir.remove(); // a tree with a difference stays, to be looked at
  });
});
