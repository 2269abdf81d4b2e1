/** The folder for a user's caches, by the XDG Base Directory specification. */

import { userInfo } from "node:os";
import { isAbsolute, join } from "node:path";

/** Environment variables by name. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/**
 * The folder of everwarp's caches: in XDG_CACHE_HOME, or in `.cache` of HOME, or in the home that the system knows for
 * the user. Empty or relative values are ignored, as the specification demands, because their meaning would depend on
 * the current folder.
 *
 * @returns undefined if there is no such place; then nothing is cached
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
    return undefined; // in a container, the system may know nothing about the user's number
  }
}
