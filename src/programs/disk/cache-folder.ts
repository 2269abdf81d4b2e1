/** Where programs are kept on disk, and how large its small files may be. */

import { join, resolve } from "node:path";
import { type EnvironmentVariables, userCacheFolder } from "../../storage/index.ts";

/**
 * The folder that has one folder for each model of device: EVERWARP_CACHE_DIR, else `everwarp/programs` in the user's
 * folder for caches (`userCacheFolder`).
 *
 * @returns undefined where EVERWARP_PROGRAM_CACHE=off, or nothing names a folder: then programs are kept in memory
 * alone
 */
export function cacheDirectory(environment: EnvironmentVariables = process.env): string | undefined {
  if (environment["EVERWARP_PROGRAM_CACHE"] === "off") return undefined;
  const own = environment["EVERWARP_CACHE_DIR"];
  // Said to everwarp alone, so a relative one is meant as it stands.
  if (own !== undefined && own !== "") return resolve(own);
  const caches = userCacheFolder(environment);
  return caches === undefined ? undefined : join(caches, "programs");
}

/** More than manifest.json, stats.json and the records of `tune` ever have; what is larger is not read. */
export const MAX_SIDE_FILE_BYTES = 64 << 20;
