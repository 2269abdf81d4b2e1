/**
 * An engine that has already searched: files come from its memory and lines from its hits, and the output is still
 * ripgrep's.
 */
import { expect, it } from "vitest";
import { difference } from "../support/cli.ts";
import { randomArguments, randomTree } from "../support/cli-random.ts";
import { hitsEngine } from "../support/hits-engine.ts";
import { Random } from "../support/cli-random-source.ts";
import { propertySeed } from "../support/property-runs.ts";

const engine = hitsEngine();
const FIRST_SEED = propertySeed();

it.each(Array.from({ length: 8 }, (_, index) => FIRST_SEED + index))("seed %d", async (seed) => {
  const random = new Random(seed);
  const dir = randomTree(random);
  const differences: string[] = [];
  for (let count = 0; count < 40; count++) {
    const found = await difference(dir, randomArguments(random), {}, engine);
    if (found !== undefined) differences.push(`${dir.path}: ${found}`);
  }
  expect(differences.join("\n\n")).toBe("");
  dir.remove();
});

it("answered most files from hits", () => {
  expect(engine.answered).toBeGreaterThan(1000);
  expect(engine.listed).toBeGreaterThan(engine.answered / 3);
});
