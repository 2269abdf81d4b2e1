/** Which searches a daemon takes, and where they look. */
import { resolve } from "node:path";
import { daemonUse, type SearchRequest, type SearchScope } from "../../daemon/index.ts";
import type { FlagValues } from "../flags/index.ts";
import type { CommandContext } from "../terminal/index.ts";

/** Reads the flags of a search, and its configuration file. @throws EverwarpError for what is not understood */
export type ArgumentReader = (
  argv: readonly string[],
  context: Pick<CommandContext, "cwd" | "env" | "writeError">,
) => FlagValues;

/**
 * Where a search looks.
 * @returns undefined for what a daemon does not do: standard input, help, a device of one's own, other programs
 * @throws EverwarpError for arguments that are not understood
 */
export function searchScope(request: SearchRequest, readArguments: ArgumentReader): SearchScope | undefined {
  const { cwd, env, argv, facts } = request;
  const flags = readArguments(argv, { cwd, env, writeError: () => undefined });
  if (!isForDaemon(flags)) return undefined;
  const hasPattern = flags.mode.kind !== "search" || flags.patterns.length > 0;
  const paths = hasPattern ? flags.positional : flags.positional.slice(1);
  const searchesStdin = flags.mode.kind === "search" && paths.length === 0 && facts.stdinIsReadable;
  if (searchesStdin || paths.includes("-")) return undefined;
  return {
    paths: paths.length === 0 ? [cwd] : paths.map((path) => resolve(cwd, path)),
    namesTrees: daemonUse(argv, env) === "auto",
  };
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
