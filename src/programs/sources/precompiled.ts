/**
 * Kernels that were compiled when the package was built, so that a normal start never loads the compiler.
 *
 * A module lies under the SHA-256 of its expanded source (`<hash>.spv`): a source that was edited since has another
 * hash, is not found, and is compiled.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { packageRoot } from "../../base/index.ts";
import { readRegularFileSync } from "../../storage/index.ts";
import { readSpirv, spirvWords } from "../../spirv/index.ts";

/** More than any module has. */
const MODULE_BYTES_MAX = 64 << 20;

/** What an expanded source is known by: 64 hexadecimal digits. */
export function sourceKey(expandedText: string): string {
  return createHash("sha256").update(expandedText).digest("hex");
}

/** Where the build puts modules. */
export function precompiledFolder(): string {
  return join(packageRoot(), "dist", "precompiled");
}

/**
 * The module of a source, if the build made it. What cannot be such a file, or cannot be read, is none: the source can
 * always be compiled.
 *
 * @throws EW_BAD_SPIRV when the file is damaged
 */
export function findPrecompiled(key: string, folder = precompiledFolder()): Uint32Array | undefined {
  const answer = readRegularFileSync(join(folder, `${key}.spv`), MODULE_BYTES_MAX);
  if (answer.state !== "read") return undefined;
  const spirv = spirvWords(answer.bytes);
  readSpirv(spirv);
  return spirv;
}
