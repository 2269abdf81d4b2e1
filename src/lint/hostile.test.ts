/** Damaged modules give EW_BAD_SPIRV or findings: never another error, and never an endless loop. */
import { beforeAll, expect, test } from "vitest";
import { damaged, survives } from "../../test/support/damaged-modules.ts";
import { CORPUS, kernelText } from "../../test/support/lint-corpus.ts";
import { propertySeed } from "../../test/support/property-runs.ts";
import { Dice } from "../../test/support/lint-generator.ts";
import { compileWithLines } from "../programs/index.ts";
import { decode } from "./code/index.ts";
import { lintModule } from "./lint.ts";

const RUNS = Number(process.env["EVERWARP_PROPERTY_RUNS"] ?? 400);
let modules: Uint32Array[];
beforeAll(async () => {
  const bodies = CORPUS.flatMap(({ bad, good }) => [bad[0] ?? "", good[0] ?? ""]);
  modules = await Promise.all(
    bodies.map(async (body) => (await compileWithLines({ source: kernelText(body) })).spirv),
  );
});

test("words that were changed anywhere", () => {
  const seed = propertySeed();
  const dice = new Dice(seed);
  let understood = 0;
  for (let run = 0; run < RUNS; run++) {
    const words = damaged(modules, dice);
    if (survives(() => lintModule(words), `seed ${seed}, run ${run}`)) understood++;
  }
  // Most changes are of names and operands: a reader that refuses everything would be no reader.
  expect(understood).toBeGreaterThan(0);
});

test("modules that end early", () => {
  for (const words of modules.slice(0, 2))
    for (let length = 0; length < words.length; length += 7)
      survives(() => lintModule(words.subarray(0, length)), `${length} words`);
});

test("a function that calls itself is refused", async () => {
  const { spirv } = await compileWithLines({
    source: kernelText("void other() { sh_word = 1u; } void main() { other(); }"),
  });
  const words = Uint32Array.from(spirv);
  const { entry } = decode(words);
  for (let at = 5; at < words.length; at += (words[at] ?? 0) >>> 16) {
    const isCall = ((words[at] ?? 0) & 0xffff) === 57;
    if (isCall) words[at + 3] = entry;
  }
  expect(() => lintModule(words)).toThrow(expect.objectContaining({ code: "EW_BAD_SPIRV" }));
});

test("calls that double at every level are refused, and do not fill the memory", async () => {
  const levels = 40;
  const functions = Array.from({ length: levels }, (_, level) =>
    level === 0 ? "void f0() { sh_word++; }" : `void f${level}() { f${level - 1}(); f${level - 1}(); }`,
  );
  const body = `${functions.join("\n")}\nvoid main() { f${levels - 1}(); }`;
  const { spirv } = await compileWithLines({ source: kernelText(body) });
  expect(() => lintModule(spirv)).toThrow(expect.objectContaining({ code: "EW_LINT_LIMIT" }));
});
