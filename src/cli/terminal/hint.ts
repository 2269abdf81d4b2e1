/** The line that tells a user, once a day, why the search does not use a GPU. */
import { closeSync, constants, futimesSync, lstatSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDirectory } from "../../programs/index.ts";

/** What the hint depends on. */
export interface HintFacts {
  /** The value of --device. */
  device: string;
  stderrIsTerminal: boolean;
  /** Why no GPU is used. Undefined if one is used. */
  reason: string | undefined;
}

/** The hint, or undefined where it would not help. It is only for people, and only if everwarp chose the device. */
export function deviceHint({ device, stderrIsTerminal, reason }: HintFacts): string | undefined {
  if (reason === undefined || device !== "auto" || !stderrIsTerminal) return undefined;
  return `everwarp: ${reason.replace(/\.$/, "")}; searching on the host (--device cpu is silent about it)\n`;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** The time of change of this file says when the hint was last given. */
const STAMP = "last-hint";

/**
 * True if the hint was not given in the last day. It then counts as given now.
 * Without a cache that can be written, it is always due: to repeat it does no harm, to fail for it would.
 */
export function isHintDue(env: Readonly<Record<string, string | undefined>>, nowMs = Date.now()): boolean {
  const folder = cacheDirectory(env);
  if (folder === undefined) return true;
  const stamp = join(folder, STAMP);
  try {
    const ageMs = nowMs - lstatSync(stamp).mtimeMs;
    // A clock that was set back must not suppress the hint for years.
    if (ageMs >= 0 && ageMs < DAY_MS) return false;
  } catch {
    // It was never given, or that cannot be found out.
  }
  try {
    setStamp(folder, stamp, nowMs);
  } catch {
    // It will be given again next time.
  }
  return true;
}

function setStamp(folder: string, stamp: string, nowMs: number): void {
  // One level at a time: below some file systems, a recursive mkdir does not end.
  for (const each of [dirname(dirname(folder)), dirname(folder), folder]) {
    try {
      mkdirSync(each, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  // Do not follow another user's link, and do not wait for a pipe.
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const descriptor = openSync(stamp, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    futimesSync(descriptor, nowMs / 1000, nowMs / 1000);
  } finally {
    closeSync(descriptor);
  }
}
