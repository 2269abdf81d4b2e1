/**
 * What was found out about modules, kept for later processes: a kernel that was opened once opens without a check.
 *
 * Only good verdicts are kept, each as a file that contains its own name: the SHA-256 of the module and of the rules'
 * version. What cannot be read or written costs time and nothing else.
 */
import { createHash } from "node:crypto";
import path from "node:path";
import { EverwarpError } from "../base/index.ts";
import { readRegularTextSync, userCacheFolder, writeBytesAtomicallySync } from "../storage/index.ts";
import { type Finding, lintModule } from "./lint.ts";

/** Rises with every change of what the error rules accept. */
const RULES_VERSION = 1;
const NAME_BYTES = 64;

/** Modules of this process that break no error rule. */
const safe = new Set<string>();

/**
 * The breaches of error rules in a module; none for a kernel that is too large to be analysed.
 *
 * @throws EW_BAD_SPIRV
 */
export function findErrors(words: Uint32Array): readonly Finding[] {
  const name = createHash("sha256").update(`${RULES_VERSION}\n`).update(words).digest("hex");
  if (safe.has(name)) return [];
  const caches = userCacheFolder();
  const file = caches === undefined ? undefined : path.join(caches, "lint", name);
  const isKept = file !== undefined && readRegularTextSync(file, NAME_BYTES) === name;
  const findings = isKept ? [] : errorsOf(words);
  if (findings.length > 0) return findings;
  safe.add(name);
  if (file !== undefined && !isKept) keep(file, name);
  return [];
}

function errorsOf(words: Uint32Array): readonly Finding[] {
  try {
    return lintModule(words, "error");
  } catch (error) {
    if (error instanceof EverwarpError && error.code === "EW_LINT_LIMIT") return [];
    throw error;
  }
}

function keep(file: string, name: string): void {
  try {
    writeBytesAtomicallySync(file, Buffer.from(name), { place: "own" });
  } catch {
    // The next process checks again.
  }
}
