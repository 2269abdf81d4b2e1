/**
 * Every flag beside ripgrep: alone, taken back, and in random pairs and triples. EVERWARP_PROPERTY_RUNS makes more of
 * those.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REFUSED_FLAGS } from "../../src/cli/flags/table-refused.ts";
import { difference, type Dir, runHere } from "../support/cli.ts";
import { Random } from "../support/cli-random-source.ts";
import { COMPARED_FLAGS, flagTree, samplesOf } from "../support/flag-samples.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";

const PATTERNS = ["foo", "fo+", "o", "^foo", "\\bfoo\\b", "bar$", "x?o", "(?i)todo", "foo|bar", "ünï"];
const PATHS = [[], ["."], ["sub"], ["plain.txt"], ["sub", "context.txt"], ["nul-middle.bin", "crlf.txt"]];

let tree: Dir;
beforeAll(() => {
  tree = flagTree();
});
afterAll(() => {
  tree.remove();
});

describe.each(COMPARED_FLAGS.map((flag) => [flag.long, flag] as const))("--%s", (_long, flag) => {
  it.each(samplesOf(flag).map((words) => [words.join(" "), words] as const))("%s", async (_text, words) => {
    expect(await difference(tree, [...words, "foo"])).toBeUndefined();
  });
});

describe("a refused flag", () => {
  it.each(REFUSED_FLAGS.flatMap(({ negated }) => negated ?? []))("is taken back: --%s", async (negated) => {
    expect(await difference(tree, [`--${negated}`, "fo+"])).toBeUndefined();
  });

  it.each(REFUSED_FLAGS.map((flag) => flag.long))("ends with 2: --%s", async (long) => {
    const { code, stdout, stderr } = await runHere(tree.path, [`--${long}`, "foo"]);
    expect({ code, output: stdout.toString() }).toEqual({ code: 2, output: "" });
    expect(stderr).toContain(`--${long}`);
  });
});

/** Where a pattern is too large for its engine, ripgrep goes on with PCRE2, which everwarp has not. */
const goesOnWithPcre2 = (words: readonly string[]): boolean =>
  words.includes("--regex-size-limit=10") &&
  (words.includes("--auto-hybrid-regex") || words.includes("--engine=auto"));

describe.each([
  ["pairs", 2],
  ["triples", 3],
])("random %s", (_name, size) => {
  const seed = propertySeed();
  const { numRuns } = propertyRuns(150);
  it(`seed ${seed}`, async () => {
    const random = new Random(seed + size);
    const differences: string[] = [];
    for (let count = 0; count < numRuns; count++) {
      const words = Array.from({ length: size }, () =>
        random.pick(samplesOf(random.pick(COMPARED_FLAGS))),
      ).flat();
      const args = [...words, "-e", random.pick(PATTERNS), ...random.pick(PATHS)];
      if (goesOnWithPcre2(words)) continue;
      const found = await difference(tree, args);
      if (found !== undefined) differences.push(found);
    }
    expect(differences.join("\n\n")).toBe("");
  });
});
