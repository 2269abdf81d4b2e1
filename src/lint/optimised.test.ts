/**
 * Modules of optimisers: what is bad stays bad, what is good stays good.
 *
 * Two things change. A return becomes a branch to the end, so a barrier behind it is told as a divergent barrier. And
 * an optimiser may remove the fault itself: a loop that waits for memory that it takes for its own.
 */
import { describe, expect, test } from "vitest";
import { damaged, survives } from "../../test/support/damaged-modules.ts";
import { CORPUS, kernelText } from "../../test/support/lint-corpus.ts";
import { Dice } from "../../test/support/lint-generator.ts";
import { propertySeed } from "../../test/support/property-runs.ts";
import { compiledByKhronos, missingTool, optimised } from "../../test/support/spirv-tools.ts";
import { compileWithLines, prepareSource } from "../programs/index.ts";
import { lintModule } from "./lint.ts";

const RUNS = Number(process.env["EVERWARP_PROPERTY_RUNS"] ?? 200);
const OP_LOOP_MERGE = 246;
const OP_VARIABLE = 59;
const WORKGROUP = 4;

type Optimiser = (body: string) => Promise<Uint32Array>;
const spirvOf = async (body: string): Promise<Uint32Array> =>
  (await compileWithLines({ source: kernelText(body) })).spirv;
const OPTIMISERS: readonly (readonly [name: string, tool: string, Optimiser])[] = [
  ["spirv-opt -O", "spirv-opt", async (body) => optimised(await spirvOf(body), "-O")],
  ["spirv-opt -Os", "spirv-opt", async (body) => optimised(await spirvOf(body), "-Os")],
  [
    "glslang -Os",
    "glslangValidator",
    (body) => Promise.resolve(compiledByKhronos(prepareSource({ source: kernelText(body) }).text, "-Os")),
  ],
];

const rulesOf = (words: Uint32Array): string[] => lintModule(words).map(({ rule }) => rule);

/** Rules that tell the same fault. */
const alsoTold = (rule: string): string[] => (rule === "early-exit" ? [rule, "divergent-barrier"] : [rule]);

function count(words: Uint32Array, isMeant: (at: number, opcode: number) => boolean): number {
  let found = 0;
  for (let at = 5; at < words.length; at += (words[at] ?? 0) >>> 16)
    if (isMeant(at, (words[at] ?? 0) & 0xffff)) found++;
  return found;
}

/** Whether an optimiser removed what the fault is about: all loops, or a shared variable that nobody reads. */
function hasLostIt(before: Uint32Array, after: Uint32Array): boolean {
  const loops = count(after, (_, opcode) => opcode === OP_LOOP_MERGE);
  const sharedIn = (words: Uint32Array): number =>
    count(words, (at, opcode) => opcode === OP_VARIABLE && words[at + 3] === WORKGROUP);
  return loops === 0 || sharedIn(after) < sharedIn(before);
}

describe.each(OPTIMISERS)("%s", (_, tool, optimise) => {
  test.for(CORPUS)(
    "$rule is found in bad kernels, and not in good ones",
    async ({ rule, bad, good }, context) => {
      const missing = missingTool(tool);
      context.skip(missing !== undefined, missing);
      for (const body of bad) {
        const words = await optimise(body);
        const rules = rulesOf(words);
        const isFound = alsoTold(rule).some((name) => rules.includes(name));
        expect(isFound || hasLostIt(await spirvOf(body), words), body).toBe(true);
      }
      for (const body of good) expect(rulesOf(await optimise(body)), body).not.toContain(rule);
    },
  );
});

test("a fault that an optimiser removed is rare", async (context) => {
  const missing = missingTool("spirv-opt");
  context.skip(missing !== undefined, missing);
  let lost = 0;
  let all = 0;
  for (const { rule, bad } of CORPUS)
    for (const body of bad) {
      const rules = rulesOf(optimised(await spirvOf(body), "-O"));
      all++;
      if (!alsoTold(rule).some((name) => rules.includes(name))) lost++;
    }
  expect(lost / all).toBeLessThan(0.1);
});

test("optimised modules in which words were changed give findings or EW_BAD_SPIRV", async (context) => {
  const missing = missingTool("spirv-opt");
  context.skip(missing !== undefined, missing);
  const seed = propertySeed();
  const dice = new Dice(seed);
  const bodies = CORPUS.flatMap(({ bad, good }) => [bad[0] ?? "", good[0] ?? ""]);
  const modules = await Promise.all(bodies.map(async (body) => optimised(await spirvOf(body), "-O")));
  for (let run = 0; run < RUNS; run++) {
    const words = damaged(modules, dice);
    survives(() => lintModule(words), `seed ${seed}, run ${run}`);
  }
});
