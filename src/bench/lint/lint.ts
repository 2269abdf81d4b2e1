/**
 * `lint`: the check of each kernel that everwarp ships, from its module to the findings, in a process that has checked
 * before. "elapsed" is what a user waits for. "processor" is the time of all threads of this process, which collect
 * garbage and compile beside it; other programs make it longer, though by less.
 */
import { nowMs } from "../../base/index.ts";
import { lintModule } from "../../lint/index.ts";
import { compileWithLines, shippedPrograms } from "../../programs/index.ts";
import { assertTimeLeft, type BenchCase, limitsOf, reportError, reportSamples } from "../context/index.ts";
import { expectResult } from "../measure/index.ts";

/** Checks before the first sample: until then, much of the code is not compiled. */
const WARM_UPS = 8;
const SAMPLES = 60;

/** The case `lint`. */
export const lint: BenchCase = {
  name: "lint",
  summary:
    "the check of each kernel of everwarp by everwarp lint: what a user waits for, and the processor's time",
  limitMs: 300_000,
  async run(context) {
    for (const { name, request } of shippedPrograms()) {
      const key = { case: context.caseName, subject: name, contender: "elapsed" };
      try {
        assertTimeLeft(context);
        const { spirv } = await compileWithLines(request);
        for (let round = 0; round < WARM_UPS; round++) lintModule(spirv);
        const { maxSamples } = limitsOf(context, { maxSamples: SAMPLES, budgetMs: Infinity });
        const samples = Array.from({ length: maxSamples }, () => checkTimes(spirv));
        const facts = { expected: "no findings", facts: { words: spirv.length } };
        for (const contender of ["elapsed", "processor"] as const)
          reportSamples(
            context,
            { ...key, contender },
            samples.map((sample) => sample[contender]),
            facts,
          );
      } catch (error) {
        reportError(context, key, error);
      }
    }
  },
};

/** Times of one check, microseconds. */
function checkTimes(spirv: Uint32Array): { readonly elapsed: number; readonly processor: number } {
  const processorBefore = process.cpuUsage();
  const beginMs = nowMs();
  const findings = lintModule(spirv);
  const elapsed = (nowMs() - beginMs) * 1000;
  const { user, system } = process.cpuUsage(processorBefore);
  expectResult("findings", findings.length, 0);
  return { elapsed, processor: user + system };
}
