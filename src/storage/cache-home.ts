/** Where a user's caches lie, as the XDG Base Directory specification says. */

import { userInfo } from "node:os";
import { isAbsolute, join } from "node:path";

/** Environment variables by name. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/**
 * The folder of everwarp's caches: in XDG_CACHE_HOME, else in `.cache` of HOME, else of the home that the system knows
 * for the user. The specification wants values that are empty or relative to be ignored: what they lead to depends on
 * the folder that somebody happens to be in.
 *
 * @returns undefined where there is no such place; then nothing is kept
 */
export function userCacheFolder(environment: EnvironmentVariables = process.env): string | undefined {
  const named = absolute(environment["XDG_CACHE_HOME"]);
  if (named !== undefined) return join(named, "everwarp");
  const home = absolute(environment["HOME"]) ?? homeOfUser();
  return home === undefined ? undefined : join(home, ".cache", "everwarp");
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

function homeOfUser(): string | undefined {
  try {
    return absolute(userInfo().homedir);
  } catch {
    return undefined; // in a container the user may be a mere number, of whom the system knows nothing
  }
}
