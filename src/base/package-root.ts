/**
 * Finds the package's own files (GLSL, precompiled SPIR-V, worker threads) and its dependencies from wherever a build
 * or a user's bundler placed this module.
 */

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EverwarpError } from "./errors.ts";

/** The name in the package.json that marks the root. */
const PACKAGE_NAME = "everwarp";

let cached: string | undefined;

/**
 * The absolute path of everwarp's package root: the nearest folder above this file whose package.json is everwarp's.
 * Works from `src` (tests), from `dist` (the library) and from the bundled command line, at any depth. A program that
 * was bundled with the library in it has no such folder above it: there it is the package that Node finds under its
 * name from the bundle's place.
 *
 * @throws EW_PACKAGE_INCOMPLETE when the package is in neither place
 */
export function packageRoot(): string {
  cached ??= findPackageRoot([moduleFile(), process.argv[1]].filter((file) => file !== undefined));
  return cached;
}

/**
 * The file that this module lies in: its own or a bundle.
 * A bundler that makes CommonJS leaves `import.meta.url` undefined, and Node gives such a bundle its `__filename`.
 */
export function moduleFile(): string | undefined {
  const url = import.meta.url as string | undefined;
  if (url !== undefined) return fileURLToPath(url);
  return typeof __filename === "string" ? __filename : undefined;
}

/**
 * Loads one of everwarp's own dependencies, as CommonJS. It is looked for from the package, and by a name that bundlers
 * do not see: native code and WebAssembly that is found by its path cannot go into a bundle.
 *
 * @throws EW_PACKAGE_INCOMPLETE when the dependency is not installed
 */
export function requireDependency(name: string): unknown {
  const require = createRequire(join(packageRoot(), "package.json"));
  let file: string;
  try {
    file = require.resolve(name);
  } catch (cause) {
    throw new EverwarpError(
      "EW_PACKAGE_INCOMPLETE",
      `the package ${name} is not installed, which everwarp in ${packageRoot()} needs`,
      { remedy: "Install everwarp with npm, which brings its dependencies.", cause },
    );
  }
  return require(file);
}

/** The next `requireDependency` loads it anew, and what nobody else holds of this one can go. */
export function forgetDependency(name: string): void {
  const require = createRequire(join(packageRoot(), "package.json"));
  delete require.cache[require.resolve(name)];
}

/**
 * The nearest folder above one of these files whose package.json is everwarp's, else the installed package that one of
 * them would import. Exported for its test.
 */
export function findPackageRoot(files: readonly string[]): string {
  for (const file of files) {
    const found = rootAbove(dirname(file));
    if (found !== undefined) return found;
  }
  for (const file of files) {
    const found = installedFor(file);
    if (found !== undefined) return found;
  }
  throw new EverwarpError(
    "EW_PACKAGE_INCOMPLETE",
    `everwarp's kernels and threads are not found: no package "${PACKAGE_NAME}" is installed for ${files.join(" or ")}`,
    {
      remedy:
        `A bundle holds the code alone. Install ${PACKAGE_NAME} in a folder above the bundle (npm install). ` +
        `Better leave it out of the bundle (esbuild --external:${PACKAGE_NAME}).`,
    },
  );
}

function rootAbove(folder: string): string | undefined {
  for (let current = folder; ; current = dirname(current)) {
    const manifest = join(current, "package.json");
    if (existsSync(manifest) && isEverwarp(manifest)) return current;
    if (dirname(current) === current) return undefined;
  }
}

function installedFor(file: string): string | undefined {
  try {
    return dirname(createRequire(file).resolve(`${PACKAGE_NAME}/package.json`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    return undefined;
  }
}

function isEverwarp(manifest: string): boolean {
  const parsed: unknown = JSON.parse(readFileSync(manifest, "utf8"));
  return typeof parsed === "object" && parsed !== null && "name" in parsed && parsed.name === PACKAGE_NAME;
}
