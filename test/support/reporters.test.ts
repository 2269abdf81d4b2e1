import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { failureLines } from "./failure-reporter.ts";
import { reasonIn, skipLines } from "./skip-reporter.ts";

/** What a run of the fixture prints on both streams together, from the first skipped test on. */
function endOfRun(): string[] {
  const fixtures = join(packageRoot(), "test/support/fixtures");
  const vitest = join(packageRoot(), "node_modules/vitest/vitest.mjs");
  const { stdout, status } = spawnSync(
    "/bin/sh",
    ["-c", 'exec "$0" "$1" run --root "$2" 2>&1', process.execPath, vitest, fixtures],
    { encoding: "utf8", env: { ...process.env, EVERWARP_LIST_SKIPS: "" } },
  );
  expect(status).toBe(1);
  const lines = stdout.trimEnd().split("\n");
  return lines.slice(lines.findIndex((line) => line.startsWith("skipped")));
}

it("a run ends with its skips by reason, and then with what failed", () => {
  expect(endOfRun()).toEqual([
    "skipped: 2 × needs the moon [failing-run.ts]",
    "skipped: 1 × here is no moon (or sun) [failing-run.ts]",
    "skipped: 1 × the moon is away [failing-run.ts]",
    "skipped WITHOUT A REASON: failing-run.ts: is skipped with something in parentheses (batch)",
    "skipped WITHOUT A REASON: failing-run.ts: is skipped with something in parentheses (leased)",
    "",
    "failed: 3",
    "✗ failing-run.ts > a group that cannot be prepared",
    "    not prepared",
    "    at test/support/fixtures/failing-run.ts:14:11",
    "✗ failing-run.ts > differs",
    "    expected { one: 1, two: [ 2, 3 ] } to deeply equal { one: 1, two: [ 2, 4 ] }",
    "    at test/support/fixtures/failing-run.ts:6:53",
    "    - Expected",
    "    + Received",
    "      {",
    '        "one": 1,',
    '        "two": [',
    "          2,",
    "    -     4,",
    "    +     3,",
    "        ],",
    "      }",
    "✗ failing-run.ts > throws",
    "    first line",
    "    second line",
    "    cause: the cause of it",
    "    at test/support/fixtures/failing-run.ts:9:9",
  ]);
});

const skipped = (count: number, reason: string | undefined) =>
  Array.from({ length: count }, (_, index) => ({ file: `${index}.test.ts`, name: `name ${index}`, reason }));

it("skips name three files at most, and every test where they are listed", () => {
  const tests = [...skipped(2, "rare"), ...skipped(1, undefined), ...skipped(5, "often")];
  expect(skipLines(tests, false)).toEqual([
    "skipped: 5 × often [0.test.ts, 1.test.ts, 2.test.ts and 2 more]",
    "skipped: 2 × rare [0.test.ts, 1.test.ts]",
    "skipped WITHOUT A REASON: 0.test.ts: name 0",
  ]);
  expect(skipLines(tests, true).slice(6, 9)).toEqual([
    "skipped: 2 × rare [0.test.ts, 1.test.ts]",
    "  0.test.ts: name 0",
    "  1.test.ts: name 1",
  ]);
});

it.each([
  ["group (needs a) > test (needs b)", "needs b"],
  ["group (needs a) > test (batch)", "needs a"],
  ["group (llvmpipe, 256 bits), leased (skipped: it ends (x) loops) > test", "it ends (x) loops"],
  ["test (where there is one)", "where there is one"],
  ["test (where there is one) of them", undefined],
  ["test (batch)", undefined],
])("the reason in %j is %j", (name, reason) => {
  expect(reasonIn(name)).toBe(reason);
});

it("many failures are named first, then the first twelve are told, each in few lines", () => {
  const error = {
    message: Array.from({ length: 50 }, (_, index) => `${index} ${"x".repeat(500)}`).join("\n"),
    diff: Array.from({ length: 500 }, (_, index) => `+ ${index}`).join("\n"),
  };
  const lines = failureLines(
    Array.from({ length: 40 }, (_, index) => ({ file: "a.test.ts", name: `test ${index}`, errors: [error] })),
  );
  expect(lines[0]).toBe("\nfailed: 40");
  expect(lines[1]).toBe("✗ a.test.ts > test 12");
  const untold = 40 - 12;
  expect(lines[1 + untold]).toBe("✗ a.test.ts > test 0");
  expect(lines).toHaveLength(1 + untold + 12 * (1 + 7 + 13));
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(170);
  expect(failureLines([])).toEqual([]);
});
