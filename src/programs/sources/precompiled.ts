/**
 * Kernels that were compiled when the package was built. With them, a normal start does not load the compiler.
 *
 * The name of a module is the SHA-256 of its expanded source (`<hash>.spv`). An edited source has another hash. Its
 * module is not found, so it is compiled.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { packageRoot } from "../../base/index.ts";
import { readRegularFileSync } from "../../storage/index.ts";
import { readSpirv, spirvWords } from "../../spirv/index.ts";

/** Size limit of a module; real ones are smaller. */
const MODULE_BYTES_MAX = 64 << 20;

/** The key of an expanded source: 64 hexadecimal digits. */
export function sourceKey(expandedText: string): string {
  return createHash("sha256").update(expandedText).digest("hex");
}

/** The folder for precompiled modules. */
export function precompiledFolder(): string {
  return join(packageRoot(), "dist", "precompiled");
}

/**
 * The precompiled module of a source; undefined if there is none. An unreadable file counts as none, because the source
 * can always be compiled.
 *
 * @throws EW_BAD_SPIRV if the file is damaged
 */
export function findPrecompiled(key: string, folder = precompiledFolder()): Uint32Array | undefined {
  const answer = readRegularFileSync(join(folder, `${key}.spv`), MODULE_BYTES_MAX);
  if (answer.state !== "read") return undefined;
  const spirv = spirvWords(answer.bytes);
  readSpirv(spirv);
  return spirv;
}
