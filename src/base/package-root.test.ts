import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findPackageRoot, packageRoot } from "./package-root.ts";

const folder = mkdtempSync(join(tmpdir(), "root-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("finds this package from src", () => {
  expect(JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"))).toMatchObject({
    name: "everwarp",
  });
});

test("goes past package.json files of others, at any depth", () => {
  const deep = join(folder, "dist", "cli");
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "name": "everwarp" }');
  writeFileSync(join(folder, "dist", "package.json"), '{ "type": "commonjs" }');
  expect(findPackageRoot(deep)).toBe(folder);
});

test("says so when there is none", () => {
  expect(() => findPackageRoot(tmpdir())).toThrow(expect.objectContaining({ code: "EW_INTERNAL" }));
});
