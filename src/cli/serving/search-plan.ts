/** Which searches a daemon takes, and where they look. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { daemonUse, type SearchRequest } from "../../daemon/index.ts";
import { inDirectory } from "../../search/index.ts";
import type { FlagValues } from "../flags/index.ts";
import type { CommandContext } from "../terminal/index.ts";

/** Reads the flags of a search, and its configuration file. @throws EverwarpError for what is not understood */
export type ArgumentReader = (
  argv: readonly string[],
  context: Pick<CommandContext, "cwd" | "env" | "writeError">,
) => FlagValues;

/** A search that a daemon takes. */
export interface SearchPlan {
  readonly flags: FlagValues;
  /** What is wrong with the configuration file, for whoever makes the search. */
  readonly messages: readonly string[];
  /** Where it looks, absolute. */
  readonly paths: readonly string[];
  /** The user names these trees with the search (`--daemon auto`). */
  readonly namesTrees: boolean;
}

/**
 * Understands a search.
 * @returns undefined for a search that a daemon does not do: of standard input, pipes or devices (they can be read only
 * once, and may never end), of help, on a named device, or with other programs
 * @throws EverwarpError for arguments that are not understood
 */
export function planSearch(request: SearchRequest, readArguments: ArgumentReader): SearchPlan | undefined {
  const { cwd, env, argv, facts } = request;
  const config = env["RIPGREP_CONFIG_PATH"];
  if (config !== undefined && config !== "" && isOwnOrSpecial(inDirectory(cwd, config))) return undefined;
  const messages: string[] = [];
  const flags = readArguments(argv, { cwd, env, writeError: (text) => void messages.push(text) });
  if (!isForDaemon(flags)) return undefined;
  const hasPattern = flags.mode.kind !== "search" || flags.patterns.length > 0;
  const paths = hasPattern ? flags.positional : flags.positional.slice(1);
  const searchesStdin = flags.mode.kind === "search" && paths.length === 0 && facts.stdinIsReadable;
  if (searchesStdin || paths.includes("-")) return undefined;
  const places = paths.length === 0 ? [cwd] : paths.map((path) => inDirectory(cwd, path));
  if ([...places, ...settingFiles(flags).map((path) => inDirectory(cwd, path))].some(isOwnOrSpecial))
    return undefined;
  return { flags, messages, paths: places, namesTrees: daemonUse(argv, env) === "auto" };
}

/** The files that flags name. */
function settingFiles({ patterns, ignoreFiles }: FlagValues): string[] {
  return [...patterns.flatMap((source) => ("file" in source ? [source.file] : [])), ...ignoreFiles];
}

/** Below these, names such as /dev/fd/3 and /proc/self are another thing for each process. */
const OWN_TO_EACH = /^\/(?:dev|proc)(?:\/|$)/;

/** Whether a path is another thing for the daemon than for its client, or is neither a file nor a folder. */
function isOwnOrSpecial(path: string): boolean {
  if (OWN_TO_EACH.test(resolve(path))) return true;
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats !== undefined && !stats.isFile() && !stats.isDirectory();
  } catch {
    return false; // whoever reads it meets the same error, and tells it
  }
}

/** A daemon starts no programs for its clients. */
function startsPrograms({ preprocessor, searchZip, hostnameProgram }: FlagValues): boolean {
  return preprocessor !== undefined || searchZip || hostnameProgram !== undefined;
}

function isForDaemon(flags: FlagValues): boolean {
  const { device, strategy, persistent, polite } = flags;
  return (
    flags.special === undefined &&
    !startsPrograms(flags) &&
    flags.log === "none" &&
    flags.mode.kind !== "types" &&
    !flags.patterns.some((source) => "file" in source && source.file === "-") &&
    device === "auto" &&
    strategy === undefined &&
    !persistent &&
    !polite
  );
}
