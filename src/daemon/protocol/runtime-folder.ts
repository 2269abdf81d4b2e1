/**
 * The folder of the daemon's socket, its lock and its log.
 *
 * Guarantee: a folder that is believed belongs to this user, is no link, and is closed to all others. So nobody else
 * can put a socket there, or reach the one that lies there.
 */
import { lstatSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Variables } from "./variables.ts";

/** Where the daemon of a user is found. */
export interface RuntimeFolder {
  readonly folder: string;
  readonly socket: string;
  readonly lock: string;
  /** What daemons say that a search has started. */
  readonly log: string;
}

/** The folder of this user: in XDG_RUNTIME_DIR, or in /tmp with the number of the user in its name. */
export function runtimeFolder(env: Variables): RuntimeFolder {
  const named = env["XDG_RUNTIME_DIR"];
  const folder =
    named !== undefined && isAbsolute(named) ? join(named, "everwarp") : `/tmp/everwarp-${ownUserId()}`;
  const at = (name: string): string => join(folder, name);
  return { folder, socket: at("daemon.socket"), lock: at("daemon.lock"), log: at("daemon.log") };
}

/** The number of the user that this process acts for. */
export function ownUserId(): number {
  return process.geteuid?.() ?? -1;
}

/** Why a folder is not to be believed. @returns undefined for a good one, "absent" where there is none */
export function whyNotPrivate(folder: string): string | undefined {
  let stats;
  try {
    stats = lstatSync(folder, { throwIfNoEntry: false });
  } catch (error) {
    return `it cannot be examined (${(error as NodeJS.ErrnoException).code})`;
  }
  if (stats === undefined) return "absent";
  if (!stats.isDirectory()) return "it is not a folder";
  if (stats.uid !== ownUserId()) return `it belongs to user ${stats.uid}`;
  if ((stats.mode & 0o077) !== 0) return `its mode is ${(stats.mode & 0o777).toString(8)}`;
  return undefined;
}
