/** The folder for programs on disk, and the size limit of its small files. */

import { join, resolve } from "node:path";
import { type EnvironmentVariables, userCacheFolder } from "../../storage/index.ts";

/**
 * The folder that contains one folder per device model: EVERWARP_CACHE_DIR, or `everwarp/programs` in the user's cache
 * folder (`userCacheFolder`).
 *
 * @returns undefined if EVERWARP_PROGRAM_CACHE=off, or if there is no such folder: programs are then kept in memory
 * only
 */
export function cacheDirectory(environment: EnvironmentVariables = process.env): string | undefined {
  if (environment["EVERWARP_PROGRAM_CACHE"] === "off") return undefined;
  const own = environment["EVERWARP_CACHE_DIR"];
  // This variable is everwarp's own, so a relative path in it is allowed.
  if (own !== undefined && own !== "") return resolve(own);
  const caches = userCacheFolder(environment);
  return caches === undefined ? undefined : join(caches, "programs");
}

/** Size limit of manifest.json, stats.json and the records of `tune`. A larger file is not read. */
export const MAX_SIDE_FILE_BYTES = 64 << 20;
