/** Removes files that dead processes left in the folder of a store. */

import { readdir, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { removeLeftBehind } from "../../storage/index.ts";
import { removeIfUnlocked } from "./build-lock.ts";

/** How many damaged entries are kept for inspection, the latest ones. */
const QUARANTINE_MAX = 32;

/**
 * Removes temporary files of dead processes, and damaged entries beyond the limit.
 *
 * @param has whether there is an entry with an id
 * @param attempt runs an operation on the disk and counts failures
 */
export async function removeRemains(
  folder: string,
  has: (id: string) => Promise<boolean>,
  attempt: (body: () => Promise<void>) => Promise<boolean>,
): Promise<void> {
  for (const name of ["", "entries", "tuned", "marks"]) await removeLeftBehind(join(folder, name));
  const marks = join(folder, "marks");
  for (const name of await readdir(marks).catch(() => [])) {
    const [id = "", what] = name.split("~");
    // Suspicions about an entry are removed with it. Marks of running drivers belong to the crash guard.
    if (what?.startsWith("suspicion") === true && !(await has(id)))
      await attempt(() => unlink(join(marks, name)));
  }
  const locks = join(folder, "locks");
  for (const name of await readdir(locks).catch(() => [])) await removeIfUnlocked(join(locks, name));
  const quarantine = join(folder, "quarantine");
  const names = await readdir(quarantine).catch(() => []);
  const times = await Promise.all(
    names.map(async (name) => ({
      name,
      mtimeMs: (await stat(join(quarantine, name)).catch(() => undefined))?.mtimeMs ?? 0,
    })),
  );
  for (const { name } of times.toSorted((a, b) => b.mtimeMs - a.mtimeMs).slice(QUARANTINE_MAX))
    await attempt(() => rm(join(quarantine, name), { recursive: true, force: true }));
}
