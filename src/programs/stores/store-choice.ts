/**
 * The second-level store that the environment selects:
 *
 *     EVERWARP_CACHE_STORE        a folder, or an address: https://host/path
 *     EVERWARP_CACHE_SECRET       signs entries that are put there, and refuses entries without a valid signature
 *     EVERWARP_CACHE_STORE_READ_ONLY   if not empty, nothing is put there
 */

import { resolve } from "node:path";
import { DirectoryStore } from "./directory-store.ts";
import { HttpStore } from "./http-store.ts";
import { SecondLevel, type SecondLevelOptions, type SecondLevelStore } from "./second-level.ts";

/** The store at a place: a folder, or an http or https address. @throws EW_BAD_ARGUMENT for any other address */
export function storeAt(place: string): SecondLevelStore {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(place) ? new HttpStore(place) : new DirectoryStore(resolve(place));
}

/**
 * @returns undefined if no store is named, or the cache is switched off
 * @throws EW_BAD_ARGUMENT for an invalid address
 */
export function secondLevelFrom(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  options: SecondLevelOptions = {},
): SecondLevel | undefined {
  const place = environment["EVERWARP_CACHE_STORE"] ?? "";
  if (place === "" || environment["EVERWARP_PROGRAM_CACHE"] === "off") return undefined;
  return new SecondLevel(storeAt(place), {
    secret: environment["EVERWARP_CACHE_SECRET"] || undefined,
    isReadOnly: (environment["EVERWARP_CACHE_STORE_READ_ONLY"] ?? "") !== "",
    ...options,
  });
}
