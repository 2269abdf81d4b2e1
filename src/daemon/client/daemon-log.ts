/** What a daemon says that nobody started by hand. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from "node:fs";
import { makeFolderSync, PRIVATE_FOLDER_MODE } from "../../storage/index.ts";
import { type RuntimeFolder, whyNotPrivate } from "../protocol/index.ts";

/** A longer log begins anew. */
const LOG_BYTES_MAX = 1 << 20;

/**
 * Opens the log for one more daemon.
 * @returns a descriptor, to be closed by the caller; undefined where no daemon can start either: its folder cannot be
 * made, or is not this user's alone
 */
export function openDaemonLog(at: RuntimeFolder): number | undefined {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    makeFolderSync(at.folder, PRIVATE_FOLDER_MODE);
    if (whyNotPrivate(at.folder) !== undefined) return undefined;
    const log = openSync(at.log, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    const stats = fstatSync(log);
    if (stats.isFile() && stats.size > LOG_BYTES_MAX) ftruncateSync(log);
    if (stats.isFile()) return log;
    closeSync(log);
    return undefined;
  } catch {
    return undefined; // everwarp serve tells the reason when it is started by hand
  }
}
