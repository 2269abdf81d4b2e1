/**
 * Build locks: only one of several processes builds an entry, and the others wait for it.
 *
 * A build lock is a symbolic link whose target is the token of the holding process. One system call creates the whole
 * link. A lock only saves work; no result depends on it. If a process cannot take a lock, because the folder is full,
 * read-only or without links, it builds without a lock. A lock of a dead process is ignored.
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

/** Older locks are ignored. The limit is generous because file times may come from another machine's clock. */
const STALE_MS = 60_000;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;

/** The result of trying to take a build lock. */
export type BuildLockAnswer =
  /** This process holds the lock until it calls `end`. */
  | { readonly state: "taken"; readonly end: () => Promise<void> }
  /** A living process holds the lock. */
  | { readonly state: "busy" }
  /** Locks cannot be created here. */
  | { readonly state: "impossible" };

/** Tries to take a build lock without waiting. @param path the path of the link */
export async function takeBuildLock(path: string): Promise<BuildLockAnswer> {
  // Two attempts: the first one may only remove the lock of a dead process.
  for (let attempt = 0; attempt < 2; attempt++) {
    // The process may exit while the link is being made or removed, so it is watched from before until after.
    const settle = atExit(() => unlockSync(path));
    try {
      fileFaultAt("cache.lock");
      await symlink(processToken(), path);
      return { state: "taken", end: () => unlock(path).finally(settle) };
    } catch (error) {
      settle();
      const code = codeOf(error);
      if (code === "ENOENT" && attempt === 0)
        await makeFolder(dirname(path), PRIVATE_FOLDER_MODE).catch(ignore);
      else if (code !== "EEXIST") return { state: "impossible" };
      else {
        const state = await stateOf(path);
        if (state === "held") return { state: "busy" };
        // Where the link is gone by now, another holder may come at any time, and keeps its link.
        if (state === "left") await unlink(path).catch(ignore);
      }
    }
  }
  return { state: "busy" };
}

/**
 * Waits until nobody holds a build lock.
 *
 * @returns false if the timeout passed first
 */
export async function whenUnlocked(path: string, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS; await isHeld(path); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    if (performance.now() >= end) return false;
    await sleep(pauseMs);
  }
  return true;
}

/** Runs `body` under a build lock. If the lock is not free in time, runs `body` without it. */
export async function withBuildLock<T>(path: string, timeoutMs: number, body: () => Promise<T>): Promise<T> {
  const end = performance.now() + timeoutMs;
  let lock = await takeBuildLock(path);
  while (lock.state === "busy" && performance.now() < end) {
    await whenUnlocked(path, end - performance.now());
    lock = await takeBuildLock(path);
  }
  try {
    return await body();
  } finally {
    if (lock.state === "taken") await lock.end();
  }
}

async function isHeld(path: string): Promise<boolean> {
  return (await stateOf(path)) === "held";
}

/** `left`: by a process that is gone, or something else that is no lock. */
async function stateOf(path: string): Promise<"held" | "left" | "none"> {
  try {
    const [token, { mtimeMs }] = [await readlink(path), await lstat(path)];
    const ageMs = Date.now() - mtimeMs;
    // The absolute value, because a clock that was set back gives files from the future.
    const isLive = TOKEN_PATTERN.test(token) && Math.abs(ageMs) < STALE_MS && !isGone(token, ageMs);
    return isLive ? "held" : "left";
  } catch (error) {
    return codeOf(error) === "ENOENT" ? "none" : "left"; // released just now, or no link
  }
}

/** Removes the link of a build lock if nobody holds the lock. */
export async function removeIfUnlocked(path: string): Promise<void> {
  if ((await stateOf(path)) === "left") await unlink(path).catch(ignore);
}

/** If the link cannot be removed, it is ignored once this process has ended. */
async function unlock(path: string): Promise<void> {
  if ((await readlink(path).catch(ignore)) === processToken()) await unlink(path).catch(ignore);
}

function unlockSync(path: string): void {
  try {
    if (readlinkSync(path) === processToken()) unlinkSync(path);
  } catch {
    // The process is ending, so its lock is ignored from now on.
  }
}

const ignore = (): undefined => undefined;

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
