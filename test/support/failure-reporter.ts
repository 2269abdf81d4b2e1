/** Prints what failed, in few lines, as the last thing of a run: where only the end of a log is kept, it is there. */
import { stripVTControlCharacters } from "node:util";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** What is told of an error. */
export type FailureError = Pick<SerializedError, "message"> &
  Partial<Pick<SerializedError, "stack">> & { readonly diff?: string; readonly cause?: { message?: string } };

/** Something that failed: a test, a group, a file, or the run. */
export interface Failure {
  readonly file: string;
  readonly name: string;
  readonly errors: readonly FailureError[];
}

/** The last of the reporters: what failed is printed when all others are done. */
export class FailureReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const failures = modules.flatMap(listFailures);
    const others = unhandled.map((error) => ({
      file: "",
      name: "an error outside of tests",
      errors: [error],
    }));
    for (const line of failureLines([...failures, ...others])) console.log(line);
  }
}

/** So many failures are told in full; those beyond only by name. */
const MAX_TOLD = 12;
const MAX_MESSAGE_LINES = 6;
const MAX_DIFF_LINES = 12;
const MAX_COLUMNS = 160;

/** First the names of all failures if there are many, then each with message, place and difference. */
export function failureLines(failures: readonly Failure[]): string[] {
  if (failures.length === 0) return [];
  const untold = failures.slice(MAX_TOLD).map((failure) => `✗ ${titleOf(failure)}`);
  const told = failures
    .slice(0, MAX_TOLD)
    .flatMap((failure) => [`✗ ${titleOf(failure)}`, ...failure.errors.flatMap(errorLines)]);
  return [`\nfailed: ${failures.length}`, ...untold, ...told];
}

function titleOf({ file, name }: Failure): string {
  return [file, name].filter((part) => part !== "").join(" > ");
}

function errorLines({ message, stack, diff, cause }: FailureError): string[] {
  const causes = cause?.message === undefined ? [] : firstLines(`cause: ${cause.message}`, MAX_MESSAGE_LINES);
  const places = stack?.split("\n").filter((line) => /^ *at /.test(line) && !line.includes("node_modules"));
  // Where it was thrown, and the line of the test that led there.
  const [thrown = "", test = thrown] = [places?.[0], places?.find((line) => line.includes(".test.ts"))];
  const lines = [
    ...firstLines(message, MAX_MESSAGE_LINES),
    ...causes,
    ...[...new Set([thrown, test])].map((place) => place.trim().replace(`${process.cwd()}/`, "")),
    ...firstLines(diff ?? "", MAX_DIFF_LINES),
  ];
  return lines.filter((line) => line !== "").map((line) => `    ${line}`);
}

/** Lines with something on them, without colours. */
function firstLines(text: string, most: number): string[] {
  const lines = stripVTControlCharacters(text)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => (line.length > MAX_COLUMNS ? `${line.slice(0, MAX_COLUMNS)}…` : line));
  return lines.length > most ? [...lines.slice(0, most), "…"] : lines;
}

function listFailures(module: TestModule): Failure[] {
  const file = module.relativeModuleId;
  const failures: Failure[] = [];
  if (module.errors().length > 0) failures.push({ file, name: "", errors: module.errors() });
  for (const suite of module.children.allSuites())
    if (suite.errors().length > 0) failures.push({ file, name: suite.fullName, errors: suite.errors() });
  for (const test of module.children.allTests("failed"))
    failures.push({ file, name: test.fullName, errors: test.result().errors ?? [] });
  return failures;
}
