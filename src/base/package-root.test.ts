import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findPackageRoot, packageRoot, requireDependency } from "./package-root.ts";

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
  expect(findPackageRoot([join(deep, "main.cjs")])).toBe(folder);
});

test("a bundle finds the package that is installed for it", () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "root-project-"));
  try {
    mkdirSync(join(elsewhere, "out"));
    const installed = join(elsewhere, "node_modules", "everwarp");
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(elsewhere, "package.json"), '{ "name": "a-users" }');
    writeFileSync(join(installed, "package.json"), '{ "name": "everwarp" }');
    const bundle = join(elsewhere, "out", "program.mjs");
    expect(findPackageRoot([bundle])).toBe(realpathSync(installed));
    // A bundler that writes down where the source was built leaves a place that is not there; the program is.
    expect(findPackageRoot(["/gone/src/package-root.js", bundle])).toBe(realpathSync(installed));
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});

test("says so when there is none", () => {
  expect(() => findPackageRoot([join(tmpdir(), "program.mjs")])).toThrow(
    expect.objectContaining({ code: "EW_PACKAGE_INCOMPLETE" }),
  );
  expect(() => requireDependency("no-such-dependency")).toThrow(
    expect.objectContaining({ code: "EW_PACKAGE_INCOMPLETE" }),
  );
});
