/** The build's part: compiles kernels into the folder that `compile` searches first. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemPath } from "../../base/index.ts";
import { writeBytesAtomicallySync } from "../../storage/index.ts";
import { compileExpanded, prepareSource, type SourceRequest } from "./compile.ts";
import { precompiledFolder, sourceKey } from "./precompiled.ts";

/** A line of a kernel such as `// variant: UNROLL=4 WIDE=1`. */
const VARIANT = /^\/\/ variant:[ \t]*(.*)$/gm;

/**
 * Compiles kernels into a folder. Existing modules are kept.
 *
 * @param kernels requests, or paths of files. A file is compiled once for each of its `// variant: NAME=VALUE …` lines,
 * or once without defines if it has none
 * @returns the path of each module
 * @throws EW_COMPILE, EW_PATH_NOT_FOUND
 */
export async function precompile(
  kernels: readonly (string | SourceRequest)[],
  folder = precompiledFolder(),
): Promise<string[]> {
  const paths: string[] = [];
  for (const request of kernels.flatMap((kernel) =>
    typeof kernel === "string" ? variantsOf(kernel) : [kernel],
  )) {
    const expanded = prepareSource(request);
    const path = join(folder, `${sourceKey(expanded.text)}.spv`);
    paths.push(path);
    if (existsSync(path)) continue;
    const spirv = await compileExpanded(expanded);
    // Written atomically: an interrupted build leaves no partial module. The mode lets all users read the package.
    const bytes = new Uint8Array(spirv.buffer, spirv.byteOffset, spirv.byteLength);
    writeBytesAtomicallySync(path, bytes, { place: "own", mode: 0o666, folderMode: 0o777 });
  }
  return paths;
}

/**
 * One request per variant line of a kernel; one without defines if there is no variant line. @throws errors of the file
 * system
 */
export function variantsOf(file: string): SourceRequest[] {
  const variants = [...readFileSync(systemPath(file), "utf8").matchAll(VARIANT)].map(([, defines]) => ({
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
