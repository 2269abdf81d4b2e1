/**
 * `lint`: the check of each kernel that everwarp ships, from its module to the findings, in a process that has checked
 * before. The times are those of the processor, of all threads of this process: others on the machine make them longer,
 * though by less than they make the wall clock longer.
 */
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
  summary: "the check of each kernel of everwarp by everwarp lint: time of the processor",
  limitMs: 300_000,
  async run(context) {
    for (const { name, request } of shippedPrograms()) {
      const key = { case: context.caseName, subject: name, contender: "all rules" };
      try {
        assertTimeLeft(context);
        const { spirv } = await compileWithLines(request);
        for (let round = 0; round < WARM_UPS; round++) lintModule(spirv);
        const { maxSamples } = limitsOf(context, { maxSamples: SAMPLES, budgetMs: Infinity });
        const samplesUs = Array.from({ length: maxSamples }, () => processorUs(spirv));
        reportSamples(context, key, samplesUs, {
          expected: "no findings",
          facts: { words: spirv.length },
        });
      } catch (error) {
        reportError(context, key, error);
      }
    }
  },
};

function processorUs(spirv: Uint32Array): number {
  const before = process.cpuUsage();
  const findings = lintModule(spirv);
  const { user, system } = process.cpuUsage(before);
  expectResult("findings", findings.length, 0);
  return user + system;
}
