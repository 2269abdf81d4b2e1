/**
 * What was found out about modules, kept for later processes: a kernel that was opened once opens without a check.
 *
 * Only good verdicts are kept, each as a file that contains its own name: the SHA-256 of the module and of the rules'
 * version. What cannot be read or written costs time and nothing else.
 */
import { createHash } from "node:crypto";
import { readdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import {
  type EnvironmentVariables,
  readRegularTextSync,
  userCacheFolder,
  writeBytesAtomicallySync,
} from "../storage/index.ts";
import { type Finding, lintModule } from "./lint.ts";

/** Rises with every change of what the error rules accept. */
const RULES_VERSION = 4;
const NAME_BYTES = 64;
const VERDICT = /^[0-9a-f]{64}$/;

/** Modules of this process that break no error rule. */
const safe = new Set<string>();

/**
 * The breaches of error rules in a module.
 *
 * @throws EW_BAD_SPIRV, EW_LINT_LIMIT for a kernel that is too large to be analysed
 */
export function findErrors(words: Uint32Array): readonly Finding[] {
  const name = createHash("sha256").update(`${RULES_VERSION}\n`).update(words).digest("hex");
  if (safe.has(name)) return [];
  const folder = verdictFolder();
  const file = folder === undefined ? undefined : path.join(folder, name);
  const isKept = file !== undefined && readRegularTextSync(file, NAME_BYTES) === name;
  const findings = isKept ? [] : lintModule(words, "error");
  if (findings.length > 0) return findings;
  safe.add(name);
  if (file !== undefined && !isKept) keep(file, name);
  return [];
}

/** Verdicts on disk. */
export interface KeptVerdicts {
  /** Undefined where nothing can be kept. */
  readonly folder: string | undefined;
  readonly count: number;
  readonly bytes: number;
}

/** The verdicts that are kept for later processes. */
export function keptVerdicts(environment: EnvironmentVariables = process.env): KeptVerdicts {
  const folder = verdictFolder(environment);
  const files = filesIn(folder);
  return { folder, count: files.length, bytes: files.reduce((sum, file) => sum + sizeOf(file), 0) };
}

/** Removes the kept verdicts. @returns those that were removed */
export function clearVerdicts(environment: EnvironmentVariables = process.env): KeptVerdicts {
  const before = keptVerdicts(environment);
  for (const file of filesIn(before.folder)) {
    try {
      rmSync(file);
    } catch {
      // It stays, and is counted below.
    }
  }
  const left = keptVerdicts(environment);
  return { ...before, count: before.count - left.count, bytes: before.bytes - left.bytes };
}

function verdictFolder(environment?: EnvironmentVariables): string | undefined {
  const caches = userCacheFolder(environment);
  return caches === undefined ? undefined : path.join(caches, "lint");
}

function filesIn(folder: string | undefined): string[] {
  if (folder === undefined) return [];
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && VERDICT.test(entry.name))
      .map(({ name }) => path.join(folder, name));
  } catch {
    return []; // nothing was kept yet, or nobody can read it: then it is not used, either
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function keep(file: string, name: string): void {
  try {
    writeBytesAtomicallySync(file, Buffer.from(name), { place: "own" });
  } catch {
    // The next process checks again.
  }
}
