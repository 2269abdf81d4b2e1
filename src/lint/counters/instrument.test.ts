/** Modules with counters are valid, break no rule that they did not break, and damaged ones are refused. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { damaged, survives } from "../../../test/support/damaged-modules.ts";
import { CORPUS, kernelText } from "../../../test/support/lint-corpus.ts";
import { Dice } from "../../../test/support/lint-generator.ts";
import { propertySeed } from "../../../test/support/property-runs.ts";
import { complaints, missingTool, optimised } from "../../../test/support/spirv-tools.ts";
import { compileWithLines, variantsOf } from "../../programs/index.ts";
import { Kernel } from "../analysis/index.ts";
import { lintModule } from "../lint.ts";
import { CounterLayout } from "./counter-memory.ts";
import { withCounters } from "./instrument.ts";
import { isRuntime, type PhaseSource, phasesOf } from "./phases.ts";

const RUNS = Number(process.env["EVERWARP_PROPERTY_RUNS"] ?? 150);
const ADDRESS = 0x7f12_3456_7890n;

function counted(words: Uint32Array, locate: PhaseSource["locate"] = (at) => at): Uint32Array {
  const { graph } = new Kernel(words);
  const phases = phasesOf(graph.code, { locate, isRuntime });
  const layout = new CounterLayout({ phases: phases.length, subgroups: 8, workgroups: 64 });
  return withCounters(words, graph, phases, { layout, address: ADDRESS });
}

const root = path.resolve("src");
const KERNELS = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".comp"),
);
const errorsOf = (words: Uint32Array): string[] => lintModule(words, "error").map(({ rule }) => rule);

test.for(KERNELS)("%s with counters is valid, as it is and optimised", async (name, context) => {
  const missing = missingTool("spirv-val") ?? missingTool("spirv-opt");
  context.skip(missing !== undefined, missing);
  const [request = { file: "" }] = variantsOf(path.join(root, name));
  const { spirv, locate } = await compileWithLines(request);
  const changed = counted(spirv, ({ line }) => locate(line));
  expect(complaints(changed)).toBe("");
  // Counters are stored before the stop flag is looked at. What would hang a device is not there.
  for (const rule of ["early-exit", "divergent-barrier", "unbounded-loop"])
    expect(errorsOf(changed)).not.toContain(rule);
  const small = optimised(spirv, "-O");
  expect(errorsOf(small)).toEqual([]);
  expect(complaints(counted(small))).toBe("");
});

test("kernels with bindings, and the kernels of the corpus", async (context) => {
  const missing = missingTool("spirv-val");
  context.skip(missing !== undefined, missing);
  const binding = `#version 460
layout(local_size_x = 8, local_size_y = 4) in;
layout(set = 0, binding = 0) buffer Data { uint words[]; };
void main() {
  for (uint index = 0u; index < gl_NumWorkGroups.x; index++) words[gl_WorkGroupID.x] += index;
  barrier();
}`;
  const sources = [binding, ...CORPUS.map(({ good }) => kernelText(good[0] ?? ""))];
  for (const source of sources)
    expect(complaints(counted((await compileWithLines({ source })).spirv))).toBe("");
});

test("damaged modules give EW_BAD_SPIRV or a module: never another error", async () => {
  const seed = propertySeed();
  const dice = new Dice(seed);
  const bodies = CORPUS.map(({ good }) => good[0] ?? "");
  const modules = await Promise.all(
    bodies.map(async (body) => (await compileWithLines({ source: kernelText(body) })).spirv),
  );
  for (let run = 0; run < RUNS; run++) {
    const words = damaged(modules, dice);
    survives(() => counted(words), `seed ${seed}, run ${run}`);
  }
});
