/** Trees in memory beside ripgrep, while the trees change. EVERWARP_PROPERTY_RUNS makes more of them. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ResidentTrees } from "../../src/daemon/index.ts";
import { Random } from "../support/cli-random-source.ts";
import { eachInFreshFolder } from "../support/fresh-folder.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";
import { residentDifference } from "../support/resident-search.ts";
import { TreeChanger } from "../support/tree-changes.ts";

const FIRST_SEED = propertySeed();
const { numRuns: TREES } = propertyRuns(6);
const STEPS_PER_TREE = 40;

const QUERIES: readonly (readonly string[])[] = [
  ["needle"],
  ["-i", "NEEDLE"],
  ["-l", "needle"],
  ["-c", "needle"],
  ["-n", "-C1", "needle"],
  ["--files-without-match", "needle"],
  ["-v", "-n", "needle"],
  ["-o", "-b", "n[a-z]+s?"],
  ["-w", "hay"],
  ["--hidden", "needle"],
  ["-u", "needle"],
  ["-uu", "-l", "needle"],
  ["-uuu", "-c", "needle"],
  ["-a", "-c", "needle"],
  ["-g", "*.txt", "needle"],
  ["-g", "!src/**", "needle"],
  ["-t", "rust", "needle"],
  ["--max-depth", "2", "needle"],
  ["--max-filesize", "100", "needle"],
  ["-L", "-l", "needle"],
  ["--no-ignore-parent", "-l", "needle"],
  ["-c", "--include-zero", "needle"],
  ["-m1", "needle"],
  ["--files"],
  ["--files", "--hidden"],
  ["--sort", "path", "-r", "needle", "needle", "src", "docs"],
  ["needle", "src"],
  ["-q", "needle"],
  ["^$"],
  ["-f", "patterns"],
];

let folder: string;
eachInFreshFolder("resident", (fresh) => (folder = fresh));

describe("trees that change", () => {
  it.each(Array.from({ length: TREES }, (_, index) => FIRST_SEED + index))("seed %d", async (seed) => {
    const random = new Random(seed);
    const root = join(folder, "around", "tree");
    const outside = join(folder, "outside");
    mkdirSync(root, { recursive: true });
    mkdirSync(outside);
    const changer = new TreeChanger(root, outside, random);
    await using trees = await ResidentTrees.open({ device: "cpu", threads: 2 });
    const history: string[] = [];
    for (let step = 0; step < STEPS_PER_TREE; step++) {
      for (let count = 1 + random.below(random.once(6) ? 12 : 3); count > 0; count--)
        history.push(changer.step());
      for (let asked = 0; asked < 3; asked++) {
        const args = [...random.pick(QUERIES), "--sort", "path"];
        const found = await residentDifference(trees, root, args);
        if (found !== undefined) throw new Error(`${history.join("\n")}\n${found}`);
      }
      if (random.once(2)) await trees.settle();
    }
    expect(trees.stats().fromMemory).toBeGreaterThan(0);
  });
});
