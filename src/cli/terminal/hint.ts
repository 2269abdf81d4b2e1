/** The one line that tells a user why the host searches, once a day. */
import { closeSync, constants, futimesSync, lstatSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDirectory } from "../../programs/index.ts";

export interface HintFacts {
  /** Value of --device. */
  device: string;
  stderrIsTerminal: boolean;
  /** Why no GPU is used; undefined where one is. */
  reason: string | undefined;
}

/** The hint, or undefined where it would not help: only for people, only when the choice was left to us. */
export function deviceHint({ device, stderrIsTerminal, reason }: HintFacts): string | undefined {
  if (reason === undefined || device !== "auto" || !stderrIsTerminal) return undefined;
  return `everwarp: ${reason.replace(/\.$/, "")}; searching on the host (--device cpu is silent about it)\n`;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Its time of change says when the hint was last given. */
const STAMP = "last-hint";

/**
 * Was the hint not given in the last day? Then it counts as given now. Where there is no cache, or none that can be written, it is
 * always due: saying it twice harms nobody, and failing for it would.
 */
export function isHintDue(env: Readonly<Record<string, string | undefined>>, nowMs = Date.now()): boolean {
  const folder = cacheDirectory(env);
  if (folder === undefined) return true;
  const stamp = join(folder, STAMP);
  try {
    const ageMs = nowMs - lstatSync(stamp).mtimeMs;
    // A clock that was set back must not silence it for years.
    if (ageMs >= 0 && ageMs < DAY_MS) return false;
  } catch {
    // Never given, or nobody can tell.
  }
  try {
    setStamp(folder, stamp, nowMs);
  } catch {
    // It is given again the next time.
  }
  return true;
}

function setStamp(folder: string, stamp: string, nowMs: number): void {
  // One level at a time: below some file systems, making several at once does not end.
  for (const each of [dirname(dirname(folder)), dirname(folder), folder]) {
    try {
      mkdirSync(each, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  // Neither another's link is followed nor a pipe waited for.
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const descriptor = openSync(stamp, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    futimesSync(descriptor, nowMs / 1000, nowMs / 1000);
  } finally {
    closeSync(descriptor);
  }
}
