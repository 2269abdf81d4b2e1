/**
 * Names of unfinished files, and the removal of abandoned ones.
 *
 *     .everwarp-<process token of the owner>.<random>.tmp     in the folder of the final file
 *
 * Invariants: names cannot be guessed, so nobody can place a file there before us. A process that exits removes its own
 * files. The file of a killed process is removed when somebody next writes in that folder. The removal touches only
 * regular files of this user with such a name. It never fails: files that it cannot remove stay.
 */

import { randomBytes } from "node:crypto";
import { unlinkSync } from "node:fs";
import { lstat, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";
import { isGone, processToken, TOKEN_PATTERN } from "./process-token.ts";

const PREFIX = ".everwarp-";
const SUFFIX = ".tmp";
/** Names of earlier versions. They contain no process token, so the age decides. */
const EARLIER = /^\.everwarp-checkpoint\.[0-9a-f]{12}\.\d+\.[0-9a-f]+$/;
const LEFT_BEHIND_MS = 24 * 3600 * 1000;

/** A file that is written first and then renamed. */
export interface TemporaryFile {
  readonly path: string;
  /** Call this after the file was renamed, or was never created: there is nothing to remove. */
  settle(): void;
  /** Removes the file. If that fails, a later clean-up removes it. */
  discard(): Promise<void>;
  discardSync(): void;
}

/** A new name in `folder`. If the process exits before the file is settled, the file is removed. */
export function temporaryFileIn(folder: string): TemporaryFile {
  const path = join(folder, `${PREFIX}${processToken()}.${randomBytes(8).toString("hex")}${SUFFIX}`);
  const discardSync = (): void => {
    settle();
    try {
      unlinkSync(path);
    } catch {
      // The file was never created, or the folder is not writable any more. The caller reports the original error.
    }
  };
  const settle = atExit(discardSync);
  return {
    path,
    settle,
    discardSync,
    async discard() {
      settle();
      await unlink(path).catch(() => undefined); // for the same reason as above
    },
  };
}

/** The token of the process that created a file; undefined for names of other files. */
export function ownerOfTemporary(name: string): string | undefined {
  if (!name.startsWith(".") || !name.endsWith(SUFFIX)) return undefined;
  // Earlier versions used no prefix for the files of the program cache.
  const inner = name.slice(name.startsWith(PREFIX) ? PREFIX.length : 1, -SUFFIX.length);
  const owner = inner.slice(0, inner.lastIndexOf("."));
  return TOKEN_PATTERN.test(owner) ? owner : undefined;
}

/** Removes files of dead processes from a folder. */
export async function removeLeftBehind(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []); // in a folder that cannot be listed, everything stays
  for (const name of names) {
    const owner = ownerOfTemporary(name);
    if (owner === undefined && !EARLIER.test(name)) continue;
    const path = join(folder, name);
    try {
      const info = await lstat(path);
      // Never remove another user's file, even if the folder's permissions would allow it.
      if (!info.isFile() || info.uid !== process.geteuid?.()) continue;
      const ageMs = Date.now() - info.mtimeMs;
      if (owner === undefined ? Math.abs(ageMs) > LEFT_BEHIND_MS : isGone(owner, ageMs)) await unlink(path);
    } catch {
      // The file is gone already, or it stays. Neither must stop the caller's own work.
    }
  }
}
