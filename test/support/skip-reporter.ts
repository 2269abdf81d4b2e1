/** Prints why tests were skipped, and fails a run in which one has no reason. */
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";

/** A test that was skipped. */
export interface Skipped {
  readonly file: string;
  readonly name: string;
  readonly reason: string | undefined;
}

/**
 * A reason is what the test gives to `skip`. Or it stands in parentheses at the end of its name, or of the name of its
 * group, and begins with "skipped:", "needs" or "where". Tests that were not chosen on the command line (`-t`) do not
 * count. `EVERWARP_LIST_SKIPS=1` names every test.
 */
export class SkipReporter implements Reporter {
  #isPartial = false;

  onInit(vitest: Vitest): void {
    this.#isPartial = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#isPartial) return;
    const skipped = modules.flatMap(listSkipped);
    for (const line of skipLines(skipped, process.env["EVERWARP_LIST_SKIPS"] === "1")) console.log(line);
    if (skipped.some(({ reason }) => reason === undefined)) process.exitCode = 1;
  }
}

/** Skips by reason, the most frequent first. What has no reason comes last, each by its name. */
export function skipLines(skipped: readonly Skipped[], isListed: boolean): string[] {
  const groups = new Map<string, Skipped[]>();
  for (const test of skipped) {
    if (test.reason === undefined) continue;
    const group = groups.get(test.reason);
    if (group === undefined) groups.set(test.reason, [test]);
    else group.push(test);
  }
  const byCount = [...groups].sort(([, one], [, other]) => other.length - one.length);
  const lines = byCount.flatMap(([reason, tests]) => [
    `skipped: ${tests.length} × ${reason} [${filesOf(tests)}]`,
    ...(isListed ? tests.map(({ file, name }) => `  ${file}: ${name}`) : []),
  ]);
  const bare = skipped.filter(({ reason }) => reason === undefined);
  return [...lines, ...bare.map(({ file, name }) => `skipped WITHOUT A REASON: ${file}: ${name}`)];
}

const MAX_FILES = 3;

function filesOf(tests: readonly Skipped[]): string {
  const files = [...new Set(tests.map(({ file }) => file))];
  const rest = files.length - MAX_FILES;
  return files.slice(0, MAX_FILES).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function listSkipped(module: TestModule): Skipped[] {
  const tests = [...module.children.allTests("skipped")].filter((test) => !isUnprepared(test));
  return tests.map((test) => {
    const result = test.result();
    const note = result.state === "skipped" ? result.note : undefined;
    return { file: module.relativeModuleId, name: test.fullName, reason: note ?? reasonIn(test.fullName) };
  });
}

/** What could not be loaded, or prepared, has failed; its tests are skipped for that. */
function isUnprepared({ parent }: TestCase | TestSuite): boolean {
  return parent.errors().length > 0 || (parent.type === "suite" && isUnprepared(parent));
}

/** The reason that a full name tells: that of the test before that of its groups. */
export function reasonIn(fullName: string): string | undefined {
  for (const part of fullName.split(" > ").toReversed()) {
    const reason = /\((?:skipped: (.+)|((?:needs|where) .+))\)$/.exec(part);
    if (reason !== null) return reason[1] ?? reason[2];
  }
  return undefined;
}
