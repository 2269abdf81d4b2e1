/** Prints every skipped test with its reason, and fails a run in which one has none. */
import type { Reporter, TestModule, Vitest } from "vitest/node";

/**
 * A reason is what the test gives to `skip`, or what stands in parentheses in its name or in the name of its group.
 * Tests that were not chosen on the command line (`-t`) do not count.
 */
export class SkipReporter implements Reporter {
  #isPartial = false;

  onInit(vitest: Vitest): void {
    this.#isPartial = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#isPartial) return;
    for (const { reason, name, file } of modules.flatMap(listSkipped)) {
      console.log(`skipped: ${file}: ${name}${reason === undefined ? ", WITHOUT A REASON" : reason}`);
      if (reason === undefined) process.exitCode = 1;
    }
  }
}

interface Skipped {
  readonly file: string;
  readonly name: string;
  /** Empty where the name has it. */
  readonly reason: string | undefined;
}

function listSkipped(module: TestModule): Skipped[] {
  // What could not be loaded, or prepared, has failed; its tests are skipped for that.
  if (module.state() === "failed") return [];
  return [...module.children.allTests("skipped")].map((test) => {
    const result = test.result();
    const note = result.state === "skipped" ? result.note : undefined;
    const nameHasReason = /\(.+\)/.test(test.fullName);
    return {
      file: module.relativeModuleId,
      name: test.fullName,
      reason: note !== undefined ? `: ${note}` : nameHasReason ? "" : undefined,
    };
  });
}
