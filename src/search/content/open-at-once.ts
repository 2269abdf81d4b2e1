/** Opening files that may be something else by now. */
import { constants, openSync } from "node:fs";

/**
 * Opens for reading, and waits for nobody: not for a writer, where the file was replaced by a pipe. For files it is an
 * ordinary open.
 * @throws the system's error
 */
export function openAtOnce(path: string | Buffer): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
}
