/** What processes that are gone left in the folder of a store. */

import { readdir, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { removeLeftBehind } from "../../storage/index.ts";
import { removeIfUnlocked } from "./build-lock.ts";

/** Bad entries that are kept to look at, the last ones. */
const QUARANTINE_MAX = 32;

/**
 * Removes temporary files of processes that are gone, and bad entries beyond what is kept of them.
 *
 * @param has whether there is an entry of a name
 * @param attempt does something to the disk, and counts what goes wrong
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
    // What is known against an entry goes with it; marks of drivers at work are for the crash guard.
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
