/**
 * Taking turns among processes, so that they do not all do the same work at once.
 *
 * A turn is a symbolic link whose target is the token of the process that has it: made whole or not at all, by one
 * call. It saves work and is never needed for a result to be right: whoever does not get it, on a folder that is full,
 * read-only or without links, goes on without. A process that dies keeps none: its turn counts no more as soon as it is
 * gone.
 */

import { readlinkSync, unlinkSync } from "node:fs";
import { lstat, readlink, symlink, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileFaultAt } from "../../base/index.ts";
import {
  atExit,
  makeFolder,
  PRIVATE_FOLDER_MODE,
  isGone,
  processToken,
  TOKEN_PATTERN,
} from "../../storage/index.ts";

/** A turn older than that is not waited for, whoever has it: its file's time may come from another clock. */
const STALE_MS = 60_000;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;

export type TurnAnswer =
  /** It is ours until `end`. */
  | { readonly state: "taken"; readonly end: () => Promise<void> }
  /** A process that lives has it. */
  | { readonly state: "busy" }
  /** Nobody can have it here. */
  | { readonly state: "impossible" };

/** Asks for a turn, without waiting. @param path of the link that stands for it */
export async function takeTurn(path: string): Promise<TurnAnswer> {
  // Twice: what is left of a dead process is removed at the first attempt.
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      fileFaultAt("cache.turn");
      await symlink(processToken(), path);
      const settle = atExit(() => endTurnSync(path));
      return {
        state: "taken",
        end: async () => {
          settle();
          await endTurn(path);
        },
      };
    } catch (error) {
      const code = codeOf(error);
      if (code === "ENOENT" && attempt === 0)
        await makeFolder(dirname(path), PRIVATE_FOLDER_MODE).catch(ignore);
      else if (code !== "EEXIST") return { state: "impossible" };
      else if (await isHeld(path)) return { state: "busy" };
      else await unlink(path).catch(ignore);
    }
  }
  return { state: "busy" };
}

/**
 * Waits until nobody has a turn.
 *
 * @returns false when the time ran out first
 */
export async function turnIsOver(path: string, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS; await isHeld(path); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    if (performance.now() >= end) return false;
    await sleep(pauseMs);
  }
  return true;
}

/** Runs `body` while nobody else does; when the turn does not come in time, all the same. */
export async function inTurn<T>(path: string, timeoutMs: number, body: () => Promise<T>): Promise<T> {
  const end = performance.now() + timeoutMs;
  let turn = await takeTurn(path);
  while (turn.state === "busy" && performance.now() < end) {
    await turnIsOver(path, end - performance.now());
    turn = await takeTurn(path);
  }
  try {
    return await body();
  } finally {
    if (turn.state === "taken") await turn.end();
  }
}

async function isHeld(path: string): Promise<boolean> {
  try {
    const [token, { mtimeMs }] = [await readlink(path), await lstat(path)];
    const ageMs = Date.now() - mtimeMs;
    // Compared both ways: a clock that was set back makes files from the future.
    return TOKEN_PATTERN.test(token) && Math.abs(ageMs) < STALE_MS && !isGone(token, ageMs);
  } catch {
    return false; // it ended in this moment, or it is no link at all
  }
}

/** Removes a turn that nobody has. */
export async function removeIfOver(path: string): Promise<void> {
  if (!(await isHeld(path))) await unlink(path).catch(ignore);
}

/** A turn that cannot be ended is over when this process is, at the latest. */
async function endTurn(path: string): Promise<void> {
  if ((await readlink(path).catch(ignore)) === processToken()) await unlink(path).catch(ignore);
}

function endTurnSync(path: string): void {
  try {
    if (readlinkSync(path) === processToken()) unlinkSync(path);
  } catch {
    // As above: it is over in a moment, whatever is left of it.
  }
}

const ignore = (): undefined => undefined;

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
