/**
 * The code of the pages is run, as a reader would run it: each block with a file's name becomes that file, each program is started, and
 * prints what the page says.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { codeBlocks, outputOf } from "../support/pages.ts";
import { TEST_TIMEOUT_MS } from "../support/patience.ts";

const root = packageRoot();
const folder = join(root, "node_modules", ".cache", "everwarp-test", `docs-${process.pid}`);

const PAGES = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const blocks = PAGES.flatMap((page) => codeBlocks(page)).filter(({ title }) => title !== "");
const programs = blocks.filter(({ language }) => language === "ts");

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  // The package's names mean the sources here, not what was built last.
  const sources = (entry: string | undefined): string =>
    JSON.stringify(
      pathToFileURL(join(root, entry === undefined ? "src/index.ts" : `src/public/${entry}.ts`)).href,
    );
  for (const { language, title, text } of blocks) {
    if (language === "glsl") writeFileSync(join(folder, title), text);
    if (language === "ts")
      writeFileSync(
        join(folder, title.replace(/ts$/, "mts")),
        text.replace(/"everwarp(?:\/(\w+))?"/g, (_, entry: string | undefined) => sources(entry)),
      );
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the code of the pages", () => {
  it("has programs, and each shows its output", () => {
    expect(programs.map(({ title }) => title).toSorted()).toEqual(
      [
        "paths.ts",
        "mean.ts",
        "square.ts",
        "totals.ts",
        "devices.ts",
        "history.ts",
        "primes.ts",
        "saving.ts",
        "errors.ts",
        "lookups.ts",
        "cached.ts",
        "fleet.ts",
      ].toSorted(),
    );
    for (const { title } of programs) expect(outputOf(blocks, title), title).toBeDefined();
    // Every kernel on the page belongs to a program.
    for (const { title } of blocks.filter(({ language }) => language === "glsl"))
      expect(programs.some(({ text }) => text.includes(`"${title}"`))).toBe(true);
  });

  it.each(programs.map(({ title }) => title))("%s prints what the page says", (title) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", join(folder, title.replace(/ts$/, "mts"))],
      { cwd: folder, encoding: "utf8", timeout: TEST_TIMEOUT_MS / 2 },
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: outputOf(blocks, title), stderr: "" });
  });

  it("names no error code that does not exist", async () => {
    const { ERROR_CODES } = await import("../../src/base/errors.ts");
    const page = PAGES.map((file) => readFileSync(join(root, file), "utf8")).join("\n");
    const named = new Set(page.match(/\bEW_[A-Z_]+\b/g));
    expect(named.size).toBeGreaterThan(10);
    for (const code of named) expect(Object.keys(ERROR_CODES)).toContain(code);
  });
});
