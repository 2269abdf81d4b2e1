/**
 * Kernels compiled when the package is built, so that a normal start never loads the compiler.
 *
 * A module lies under the SHA-256 of its expanded source (`<hash>.spv`): a source that was edited since has another
 * hash, is not found, and is compiled.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../base/package-root.ts";
import { readSpirv, spirvWords } from "../spirv/module.ts";
import { compileExpanded, prepareSource, type SourceRequest } from "./compile.ts";

/** What an expanded source is known by: 64 hexadecimal digits. */
export function sourceKey(expandedText: string): string {
  return createHash("sha256").update(expandedText).digest("hex");
}

/** Where the build puts modules. */
export function precompiledFolder(): string {
  return join(packageRoot(), "dist", "spirv");
}

/**
 * Compiles kernels into a folder. Modules that are there already are kept.
 *
 * @returns the path of each module, in the order of the requests
 * @throws EW_COMPILE, EW_PATH_NOT_FOUND
 */
export async function precompile(
  requests: readonly SourceRequest[],
  folder = precompiledFolder(),
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const paths: string[] = [];
  for (const request of requests) {
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

/**
 * The module of a source, if the build made it.
 *
 * @throws EW_BAD_SPIRV when the file is damaged
 */
export function findPrecompiled(key: string, folder: string): Uint32Array | undefined {
  const path = join(folder, `${key}.spv`);
  if (!existsSync(path)) return undefined;
  const spirv = spirvWords(readFileSync(path));
  readSpirv(spirv);
  return spirv;
}
