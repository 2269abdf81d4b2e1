/** Collects the patterns: from -e, -f, or the first positional argument. */
import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { EverwarpError, holdsBytes, systemPath } from "../../base/index.ts";
import { inDirectory, systemErrorText } from "../../search/index.ts";
import type { FlagValues } from "./flag-values.ts";

/** Patterns, and the arguments that are not patterns. */
export interface CollectedPatterns {
  patterns: string[];
  /** The remaining positional arguments: paths. */
  paths: string[];
  /** `-f -` has read standard input, so nothing else can. */
  stdinConsumed: boolean;
}

/**
 * Collects the patterns and the paths.
 * @param directory absolute path that relative paths refer to. Without it: the directory of the process
 * @throws EW_BAD_ARGUMENT without any pattern, EW_PATH_NOT_FOUND or EW_PATH_UNREADABLE for a file of patterns
 */
export function collectPatterns(flags: FlagValues, directory?: string): CollectedPatterns {
  if (flags.mode.kind !== "search") return { patterns: [], paths: flags.positional, stdinConsumed: false };
  if (flags.patterns.length === 0) {
    const [pattern, ...paths] = flags.positional;
    if (pattern === undefined)
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        "everwarp search requires at least one pattern to execute a search",
      );
    if (holdsBytes(pattern)) throw new EverwarpError("EW_BAD_ARGUMENT", "pattern given is not valid UTF-8");
    return { patterns: [pattern], paths, stdinConsumed: false };
  }
  const patterns = new Set<string>();
  let stdinConsumed = false;
  for (const source of flags.patterns) {
    if ("pattern" in source) {
      patterns.add(source.pattern);
      continue;
    }
    if (source.file === "-") {
      if (stdinConsumed)
        throw new EverwarpError(
          "EW_BAD_ARGUMENT",
          "error reading -f/--file from stdin: stdin has already been consumed",
        );
      stdinConsumed = true;
    }
    for (const pattern of readPatterns(source.file, directory)) patterns.add(pattern);
  }
  if (stdinConsumed && flags.positional.includes("-"))
    throw new EverwarpError(
      "EW_BAD_ARGUMENT",
      "error: attempted to read patterns from stdin while also searching stdin",
    );
  return { patterns: [...patterns], paths: flags.positional, stdinConsumed };
}

function readPatterns(path: string, directory: string | undefined): string[] {
  const name = path === "-" ? "<stdin>" : path;
  let bytes: Buffer;
  try {
    bytes = readFileSync(path === "-" ? 0 : systemPath(inDirectory(directory, path)));
  } catch (error) {
    const reason = systemErrorText(error);
    if (reason === undefined) throw error;
    const code =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "EW_PATH_NOT_FOUND" : "EW_PATH_UNREADABLE";
    throw new EverwarpError(code, `${name}: ${reason}`, { cause: error });
  }
  if (!isUtf8(bytes)) throw new EverwarpError("EW_BAD_PATTERN", `${name}: found invalid UTF-8 in pattern`);
  const lines = bytes.toString("utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}
