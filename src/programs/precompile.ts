/** The build's part: kernels compiled into the folder where `compile` looks first. */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileExpanded, prepareSource, type SourceRequest } from "./compile.ts";
import { precompiledFolder, sourceKey } from "./precompiled.ts";

/** A line of a kernel such as `// variant: UNROLL=4 WIDE=1`. */
const VARIANT = /^\/\/ variant:[ \t]*(.*)$/gm;

/**
 * Compiles kernels into a folder. Modules that are there already are kept.
 *
 * @param kernels requests, or paths of files: a file is compiled once for each of its `// variant: NAME=VALUE …` lines,
 * and once without defines if it has none
 * @returns the path of each module
 * @throws EW_COMPILE, EW_PATH_NOT_FOUND
 */
export async function precompile(
  kernels: readonly (string | SourceRequest)[],
  folder = precompiledFolder(),
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const paths: string[] = [];
  for (const request of kernels.flatMap((kernel) =>
    typeof kernel === "string" ? variantsOf(kernel) : [kernel],
  )) {
    const expanded = prepareSource(request);
    const path = join(folder, `${sourceKey(expanded.text)}.spv`);
    paths.push(path);
    if (existsSync(path)) continue;
    const spirv = await compileExpanded(expanded);
    // Renamed into place, so that a build cut short leaves no half of a module.
    const unfinished = `${path}.${process.pid}`;
    writeFileSync(unfinished, new Uint8Array(spirv.buffer, spirv.byteOffset, spirv.byteLength));
    renameSync(unfinished, path);
  }
  return paths;
}

/** One request for each variant line of a kernel, or one without defines. @throws system errors for a file that cannot be read */
export function variantsOf(file: string): SourceRequest[] {
  const variants = [...readFileSync(file, "utf8").matchAll(VARIANT)].map(([, defines]) => ({
    file,
    defines: Object.fromEntries(
      (defines ?? "")
        .split(/\s+/)
        .filter((word) => word !== "")
        .map((word) => {
          const [name = "", value = "1"] = word.split("=");
          return [name, value];
        }),
    ),
  }));
  return variants.length === 0 ? [{ file }] : variants;
}
