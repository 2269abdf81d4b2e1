/**
 * Names of files that are not finished yet, and the end of those that never will be.
 *
 *     .everwarp-<who began it>.<random>.tmp     in the folder of the file that it will become
 *
 * Invariants: nobody can guess a name, so nobody can put anything there before us. What a process leaves that ends by
 * itself goes with it; what it leaves when it is killed goes when somebody next writes in that folder. Tidying up
 * removes nothing but regular files of this user with such a name, and never fails: whatever it cannot remove stays.
 */

import { randomBytes } from "node:crypto";
import { unlinkSync } from "node:fs";
import { lstat, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";
import { isGone, processToken, TOKEN_PATTERN } from "./process-token.ts";

const PREFIX = ".everwarp-";
const SUFFIX = ".tmp";
/** What earlier versions began, and what of it tells the process: nothing, so age decides. */
const EARLIER = /^\.everwarp-checkpoint\.[0-9a-f]{12}\.\d+\.[0-9a-f]+$/;
const LEFT_BEHIND_MS = 24 * 3600 * 1000;

/** A file to be written and renamed. */
export interface TemporaryFile {
  readonly path: string;
  /** It has another name now, or was never made: nothing is left to remove. */
  settle(): void;
  /** Removes it. What cannot be removed now is left to whoever tidies up. */
  discard(): Promise<void>;
  discardSync(): void;
}

/** A name for a file that `folder` does not have. Where the process ends before it is settled, the file is removed. */
export function temporaryFileIn(folder: string): TemporaryFile {
  const path = join(folder, `${PREFIX}${processToken()}.${randomBytes(8).toString("hex")}${SUFFIX}`);
  const discardSync = (): void => {
    settle();
    try {
      unlinkSync(path);
    } catch {
      // It was not made yet, or the folder no longer lets us: the first cause of trouble is what the caller hears.
    }
  };
  const settle = atExit(discardSync);
  return {
    path,
    settle,
    discardSync,
    async discard() {
      settle();
      await unlink(path).catch(() => undefined); // as above
    },
  };
}

/** Who began a file; undefined for names of other files. */
export function ownerOfTemporary(name: string): string | undefined {
  if (!name.startsWith(".") || !name.endsWith(SUFFIX)) return undefined;
  // Earlier versions gave the files of the program cache no prefix.
  const inner = name.slice(name.startsWith(PREFIX) ? PREFIX.length : 1, -SUFFIX.length);
  const owner = inner.slice(0, inner.lastIndexOf("."));
  return TOKEN_PATTERN.test(owner) ? owner : undefined;
}

/** Removes what processes that are gone left in a folder. */
export async function removeLeftBehind(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []); // a folder that may be written and not listed keeps what it has
  for (const name of names) {
    const owner = ownerOfTemporary(name);
    if (owner === undefined && !EARLIER.test(name)) continue;
    const path = join(folder, name);
    try {
      const info = await lstat(path);
      // Another user's file is his own to remove, also where the folder would let us.
      if (!info.isFile() || info.uid !== process.geteuid?.()) continue;
      const ageMs = Date.now() - info.mtimeMs;
      if (owner === undefined ? Math.abs(ageMs) > LEFT_BEHIND_MS : isGone(owner, ageMs)) await unlink(path);
    } catch {
      // It went in the meantime, or it stays: neither is a reason not to do what this is tidied up for.
    }
  }
}
