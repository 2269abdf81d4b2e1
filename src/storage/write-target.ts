/** Finds out what a path leads to, before writing there. */

import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";

/** The target of a path, for writing. */
export type WriteTarget =
  /** A regular file, or nothing yet: the file can be replaced as a whole. */
  | {
      readonly kind: "file";
      readonly path: string;
      /** Permissions of the existing file. */ readonly mode: number | undefined;
    }
  /** A pipe, a device, or a file that cannot be replaced: bytes are written into it. */
  | { readonly kind: "stream"; readonly path: string; readonly isPipe: boolean }
  /** A file that this process has open already, such as /dev/stdout. */
  | { readonly kind: "descriptor"; readonly descriptor: number };

/** The limit of Linux. */
const LINKS_MAX = 40;
const STANDARD = { stdin: 0, stdout: 1, stderr: 2 } as const;
const DESCRIPTOR = /^(?:\/dev\/fd|\/proc\/(?:self|thread-self|(\d+))\/fd)\/(\d+)$/;

/**
 * Follows symbolic links to the target of a write.
 *
 * @throws errors of the file system: ELOOP, ENOTDIR, EACCES
 */
export function writeTarget(path: string): WriteTarget {
  let current = resolve(path);
  for (let links = 0; links <= LINKS_MAX; links++) {
    const descriptor = descriptorOf(current);
    if (descriptor !== undefined) return { kind: "descriptor", descriptor };
    const info = lstatIfThere(current);
    if (info === undefined) return { kind: "file", path: current, mode: undefined };
    if (info.isSymbolicLink()) current = resolve(dirname(current), readlinkSync(current));
    else if (info.isFile()) return { kind: "file", path: current, mode: info.mode & 0o777 };
    else return { kind: "stream", path: current, isPipe: info.isFIFO() };
  }
  throw Object.assign(new Error(`ELOOP: too many symbolic links, '${path}'`), { code: "ELOOP", path });
}

/**
 * The open descriptor that a path stands for. A new open would write a file from its beginning, and would fail for a
 * socket.
 */
function descriptorOf(path: string): number | undefined {
  const standard = /^\/dev\/(stdin|stdout|stderr)$/.exec(path)?.[1] as keyof typeof STANDARD | undefined;
  if (standard !== undefined) return STANDARD[standard];
  const [, pid, descriptor] = DESCRIPTOR.exec(path) ?? [];
  if (descriptor === undefined || (pid !== undefined && Number(pid) !== process.pid)) return undefined;
  return Number(descriptor);
}

function lstatIfThere(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
