/** The examples run as they stand, but for the package's name, which here means the sources. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { Dir } from "../support/cli.ts";
import { DaemonPlaceForTests } from "../support/daemon-process.ts";

const root = packageRoot();

function runExample(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { status: number | null; stdout: string; stderr: string } {
  const folder = join(root, "node_modules", ".cache", "everwarp-test", `example-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const source = readFileSync(join(root, "examples", name), "utf8");
  const file = join(folder, name.replace(/ts$/, "mts"));
  writeFileSync(
    file,
    source.replace('"everwarp"', JSON.stringify(pathToFileURL(join(root, "src/index.ts")).href)),
  );
  try {
    return spawnSync(process.execPath, ["--import", "tsx", file, ...args], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, ...env },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it("search.ts loads a folder and asks", () => {
  const dir = new Dir("example")
    .file("a.js", "import x from 'y';\nfunction f() {} // todo\n")
    .file("b.js", "// TODO: function\n")
    .file(".hidden", "TODO\n");
  const { status, stdout, stderr } = runExample("search.ts", [dir.path, "todo", "f.n", "("]);
  expect(stderr).toMatch(/unclosed group[^]*\[EW_BAD_PATTERN\]/);
  expect(status).toBe(1);
  expect(stdout).toMatch(/^2 files on /);
  const good = runExample("search.ts", [dir.path, "todo", "f.n"]);
  expect([good.status, good.stderr]).toEqual([0, ""]);
  expect(good.stdout).toContain("\ntodo: 2 hits in 2 files\n");
  expect(good.stdout).toContain(`\n${dir.path}/a.js:2:20: function f() {} // todo\n`);
  expect(good.stdout).toContain("\nf.n: 2 hits in 2 files\n");
  expect(good.stdout).toMatch(/\nfunction: 2 hits, [\d.]+ µs\n$/);
  dir.remove();
});

it("connect.ts starts a daemon and asks it", async () => {
  using place = new DaemonPlaceForTests();
  const dir = new Dir("example-connect").file("a.js", "// TODO: a\n").file("b.js", "x\n// TODO: b TODO\n");
  try {
    for (const run of ["the daemon is started", "the daemon runs"]) {
      const { status, stdout, stderr } = runExample("connect.ts", [dir.path], place.env);
      expect([run, status, stderr]).toEqual([run, 0, ""]);
      expect(stdout).toMatch(/^2 files on .*, in the daemon\nTODO: 3 hits in 2 files\n/);
      expect(stdout).toContain(`${dir.path}/a.js:1:4: // TODO: a\n`);
      expect(stdout).toMatch(/\nin [12] runs\n$/);
    }
  } finally {
    await place.stop();
    dir.remove();
  }
});

it("paths.ts tells which of the paths that git lists are not there", ({ skip }) => {
  const dir = new Dir("example-paths")
    .file("src/a.ts", "")
    .file("src/gone.ts", "")
    .file("docs/b c.md", "")
    .link("link", "nowhere");
  const git = (...args: string[]): number | null => spawnSync("git", ["-C", dir.path, ...args]).status;
  try {
    skip(git("init", "-q") !== 0, "there is no git here to list paths");
    expect(git("add", ".")).toBe(0);
    rmSync(join(dir.path, "src/gone.ts"));
    const { status, stdout, stderr } = runExample("paths.ts", [dir.path]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^ENOENT src\/gone\.ts\n4 paths among \d+ entries in [\d.]+ ms, 1 missing\n$/);
  } finally {
    dir.remove();
  }
});

it("wasm-udf.ts applies a filter, and tells for which rows it traps", async () => {
  const { filterRows, makeRows } = await import("../../examples/wasm-udf.ts");
  const rows = makeRows(10_000);
  rows.ratio.fill(7, 0, 5); // no zero but those below
  rows.ratio[9_999] = 0;
  rows.ratio[5] = 0;
  rows.amount[5] = 1000;
  rows.price[5] = 2;
  rows.amount[9_999] = 0; // the filter does not come to the ratio
  const kept = Array.from(rows.amount, (amount, row) => {
    const ratio = rows.ratio[row]!;
    return ratio !== 0 && amount * rows.price[row]! > 1000 && Math.trunc(1000 / ratio) > 3;
  });
  const report = await filterRows(rows, { device: "cpu", instances: 300 });
  expect(report.kept).toBe(kept.filter(Boolean).length);
  expect(report.traps).toMatchObject([
    { row: 5, trap: { reason: "integer divide by zero", functionName: expect.stringContaining("keep") } },
  ]);
});
