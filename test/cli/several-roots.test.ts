/**
 * Anchored ignore rules above several named directories. ripgrep 15.0.0 holds them against the wrong directory from the
 * second one on, which later versions mend; so what counts here is git.
 */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Dir, runHere, spawned } from "../support/cli.ts";
import { Random } from "../support/cli-random-source.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";

const hasGit = spawnSync("git", ["--version"]).error === undefined;
const NAMES = ["a", "b", "x"];
const RULES = ["/a/x", "/b/x", "a/b", "/x", "x/a/f", "/b/a/*", "!/b/a/f", "b/x/", "/a/*/f", "**/x/b", "!x"];

let tree: Dir;
const folders: string[] = [];
beforeAll(() => {
  tree = new Dir("roots");
  for (const one of NAMES)
    for (const two of NAMES) {
      folders.push(one, `${one}/${two}`);
      for (const three of [...NAMES.map((name) => `${name}/f`), "f"])
        tree.file(`${one}/${two}/${three}`, "foo\n");
    }
  spawned("git", ["init", "-q"], tree.path);
});
afterAll(() => {
  tree.remove();
});

const sorted = (text: string): string[] =>
  [...new Set(text.split("\n").filter((line) => line !== ""))].toSorted();

it.skipIf(!hasGit)("are those of git, whichever directories are named (where git is installed)", async () => {
  const seed = propertySeed();
  const random = new Random(seed);
  const { numRuns } = propertyRuns(60);
  for (let run = 0; run < numRuns; run++) {
    const rules = Array.from({ length: 1 + random.below(4) }, () => random.pick(RULES));
    tree.file(".gitignore", `${rules.join("\n")}\n`);
    // A named directory is searched whatever the rules say of itself, which git would not do.
    const free = folders.filter((folder) => !isIgnored(folder));
    const roots = Array.from({ length: 2 + random.below(3) }, () => random.pick(free));
    const { stdout } = await runHere(tree.path, ["--files", ...roots]);
    const git = spawned("git", ["ls-files", "--others", "--exclude-standard", "--", ...roots], tree.path);
    const given = `seed ${seed}, run ${run}: ${roots.join(" ")} with ${rules.join(" ")}`;
    expect(sorted(stdout.toString()), given).toEqual(sorted(git.stdout.toString()));
  }
});

/** Does git leave out the directory, or one above it? */
function isIgnored(folder: string): boolean {
  return spawned("git", ["check-ignore", "-q", folder], tree.path).code === 0;
}
