/** `stats.json`: counts of what all processes did with a store. */

import { join } from "node:path";
import {
  isAmount,
  isRecord,
  parseJson,
  readRegularText,
  writeBytesAtomically,
  type WriteOptions,
} from "../../storage/index.ts";
import { withBuildLock } from "./build-lock.ts";
import { MAX_SIDE_FILE_BYTES } from "./cache-folder.ts";

/** How long to wait for other processes that write the same side file. */
export const SIDE_FILE_LOCK_MS = 500;

/** Write options for side files, such as the manifest. */
export const SIDE_FILE_WRITES: WriteOptions = {
  place: "own",
  points: {
    begun: "cache.manifest-begun",
    written: "cache.manifest-written",
    renamed: "cache.manifest-renamed",
  },
};

/** The numbers of `stats.json` by name; empty if there are none. */
export async function readStats(folder: string): Promise<Record<string, number>> {
  const text = await readRegularText(join(folder, "stats.json"), MAX_SIDE_FILE_BYTES);
  const value = text === undefined ? undefined : parseJson(text);
  // A missing or damaged file: counting starts again at zero.
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => isAmount(entry[1])));
}

/** Adds to the numbers of `stats.json`. @throws errors of the file system */
export async function addStats(folder: string, numbers: Readonly<Record<string, number>>): Promise<void> {
  await withBuildLock(join(folder, "locks", "stats"), SIDE_FILE_LOCK_MS, async () => {
    const sums = await readStats(folder);
    for (const [name, number] of Object.entries(numbers)) sums[name] = (sums[name] ?? 0) + number;
    const text = `${JSON.stringify(sums, undefined, 1)}\n`;
    await writeBytesAtomically(join(folder, "stats.json"), new TextEncoder().encode(text), SIDE_FILE_WRITES);
  });
}
