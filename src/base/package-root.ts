/** Finds the package's own files (GLSL, precompiled SPIR-V) from wherever this module was placed by a build. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EverwarpError } from "./errors.ts";

/** The name in the package.json that marks the root. */
const PACKAGE_NAME = "everwarp";

let cached: string | undefined;

/**
 * The absolute path of everwarp's package root: the nearest folder above this file whose package.json is everwarp's.
 * Works from `src` (tests), from `dist` (the library) and from the bundled command line, at any depth.
 *
 * @throws EW_INTERNAL when no such folder is above this file
 */
export function packageRoot(): string {
  cached ??= findPackageRoot(dirname(fileURLToPath(import.meta.url)));
  return cached;
}

/** The nearest folder from `folder` upward whose package.json is everwarp's. Exported for its test. */
export function findPackageRoot(folder: string): string {
  for (let current = folder; ; current = dirname(current)) {
    const manifest = join(current, "package.json");
    if (existsSync(manifest) && isEverwarp(manifest)) return current;
    if (dirname(current) === current) {
      throw new EverwarpError("EW_INTERNAL", `no package.json named "${PACKAGE_NAME}" above ${folder}`, {
        remedy: "Keep the package's files together: code moved out of it cannot find its kernels.",
      });
    }
  }
}

function isEverwarp(manifest: string): boolean {
  const parsed: unknown = JSON.parse(readFileSync(manifest, "utf8"));
  return typeof parsed === "object" && parsed !== null && "name" in parsed && parsed.name === PACKAGE_NAME;
}
