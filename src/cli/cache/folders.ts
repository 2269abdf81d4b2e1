/** The folders of the program cache on disk: one for each model of device. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { EverwarpError } from "../../base/index.ts";
import { cacheDirectory, DiskStore } from "../../programs/index.ts";

/** The folder of one model of device. */
export interface ModelFolder {
  /** Name of the folder: the device's name and numbers. */
  readonly name: string;
  readonly store: DiskStore;
}

/**
 * The directory of the cache.
 *
 * @param asked `--directory`
 * @throws EW_BAD_ARGUMENT if the cache is switched off
 */
export function chosenDirectory(
  asked: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const directory = asked ?? cacheDirectory(env);
  if (directory !== undefined) return directory;
  throw new EverwarpError(
    "EW_BAD_ARGUMENT",
    "the program cache is switched off: EVERWARP_PROGRAM_CACHE=off",
    {
      remedy: "Unset it, or give --directory.",
    },
  );
}

/**
 * The folders of all models, or of those whose name contains `part`. An empty list if there is no cache yet.
 * @throws EW_PATH_UNREADABLE
 */
export async function modelFolders(directory: string, part = ""): Promise<ModelFolder[]> {
  const names = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    const error = cause as NodeJS.ErrnoException;
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw new EverwarpError("EW_PATH_UNREADABLE", `${directory} cannot be read: ${error.message}`, { cause });
  });
  const wanted = names
    .filter((entry) => entry.isDirectory() && entry.name.includes(part.toLowerCase()))
    .map(({ name }) => name)
    .toSorted();
  return Promise.all(
    wanted.map(async (name) => ({ name, store: await DiskStore.open(join(directory, name)) })),
  );
}
