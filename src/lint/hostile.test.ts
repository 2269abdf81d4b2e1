/**
 * Damaged modules give EW_BAD_SPIRV or findings, and modules that are made to take time or memory give findings or
 * EW_LINT_LIMIT: never another error, and never an endless loop.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { damaged, survives } from "../../test/support/damaged-modules.ts";
import { HOSTILE_SHAPES } from "../../test/support/hostile-modules.ts";
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

describe("modules that are made to take time or memory", () => {
  // Without limits, most of these take minutes, or more memory than there is: the limit of the test would end them.
  test.each(HOSTILE_SHAPES)("%s", (what, shape, count) => {
    survives(() => lintModule(shape(count)), `${count} ${what}`);
  });

  const rulesOf = (what: string, count: number): string[] => {
    const [, shape] = HOSTILE_SHAPES.find(([name]) => name === what) ?? [];
    if (shape === undefined) throw new Error(`there is no shape of ${what}`);
    return lintModule(shape(count)).map(({ rule }) => rule);
  };

  // Of each of these, a kernel may have as many as here.
  test.each([
    ["loops in loops", 100, "early-exit, unbounded-loop"],
    ["conditional barriers", 20_000, "divergent-barrier"],
    ["barriers in branches in branches", 200, "divergent-barrier"],
    ["conditions of a && a", 1000, "unbounded-loop"],
    ["returns", 2000, "early-exit"],
    ["ways out of a loop and back", 50, "unbounded-loop"],
    ["values that go back", 500, "unbounded-loop"],
  ])("%s: %i are judged", (what, count, rule) => {
    expect(rulesOf(what, count).join(", ")).toBe(rule);
  });

  test.each([
    ["steps of a ladder", 2000],
    ["cases of switches", 100_000],
    ["phis of many cases", 1000],
    ["calls in calls", 100],
    ["calls that double", 12],
    ["shared variables", 1000],
    ["copies of a pointer", 2000],
    ["values with many parts", 10],
    ["types of types", 10_000],
    ["names and lines", 2],
  ])("%s: %i are no fault", (what, count) => {
    const [, shape] = HOSTILE_SHAPES.find(([name]) => name === what) ?? [];
    if (shape === undefined) throw new Error(`there is no shape of ${what}`);
    expect(lintModule(shape(count)).filter(({ severity }) => severity === "error")).toEqual([]);
  });
});
