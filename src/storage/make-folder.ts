/**
 * Makes folders together with their missing parents.
 *
 * Node's own recursive `mkdir` never ends in a folder that exists but refuses children with ENOENT, such as /proc. This
 * one tries each folder once.
 */

import { mkdirSync, statSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Only this user has access: for cache folders. */
export const PRIVATE_FOLDER_MODE = 0o700;

/** @throws errors of the file system */
export async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (codeOf(error) === "ENOENT" && dirname(path) !== path) {
      await makeFolder(dirname(path), mode);
      await mkdir(path, { mode }).catch((again: unknown) => {
        // Another process may have made the folder meanwhile.
        if (codeOf(again) !== "EEXIST") throw noFolderIn(path, again);
      });
      return;
    }
    const isThere = await stat(path).then(
      (info) => info.isDirectory(),
      () => false,
    );
    if (!isThere) throw error;
  }
}

/** Like `makeFolder`. @throws errors of the file system */
export function makeFolderSync(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (codeOf(error) === "ENOENT" && dirname(path) !== path) {
      makeFolderSync(dirname(path), mode);
      try {
        mkdirSync(path, { mode });
      } catch (again) {
        if (codeOf(again) !== "EEXIST") throw noFolderIn(path, again);
      }
      return;
    }
    if (!isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // the caller reports the error of the mkdir
  }
}

/**
 * If the parent exists, ENOENT means that no folder can be made in it. The plain message would say that something is
 * missing.
 */
function noFolderIn(path: string, error: unknown): unknown {
  if (codeOf(error) !== "ENOENT") return error;
  return Object.assign(new Error(`ENOTSUP: no folder can be made in ${dirname(path)}`, { cause: error }), {
    code: "ENOTSUP",
    path,
    syscall: "mkdir",
  });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
