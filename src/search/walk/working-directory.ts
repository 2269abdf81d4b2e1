/** The directory that relative paths refer to: the process's or another one. It may have been removed. */

import { realpathSync } from "node:fs";
import { currentDirectory } from "../../base/index.ts";
import { absoluteKey } from "./directory-rules.ts";

/** Resolves paths from a working directory. */
export class WorkingDirectory {
  /** The beginning of the absolute paths in it, as a byte string. Undefined if it was removed. */
  readonly prefix: string | undefined;
  /**
   * Undefined if it is the process's own and was removed, or has a name that is not UTF-8. Then the system is given
   * relative paths as they are: they lead nowhere in one that was removed.
   */
  private readonly path: string | undefined;

  /** @param path absolute; without it, the process's */
  constructor(path?: string) {
    const known = path ?? currentDirectory();
    const isOfBytes = path === undefined && known?.includes("\ufffd") === true;
    this.path = isOfBytes ? undefined : known;
    if (isOfBytes) this.prefix = `${this.realPath(".")}/`;
    else this.prefix = known === undefined ? undefined : `${absoluteKey(known)}/`;
  }

  /** A path for the system. "" is the directory itself. A ".." stays: behind a link it leads elsewhere. */
  resolve(path: string): string {
    if (this.path === undefined) return path === "" ? "." : path;
    if (path.startsWith("/")) return path;
    return path === "" ? this.path : `${this.path}/${path}`;
  }

  resolveBytes(path: Uint8Array): Buffer {
    if (path[0] === 47 || this.path === undefined) return Buffer.from(path.length === 0 ? "." : path);
    return Buffer.concat([Buffer.from(`${this.path}/`), path]);
  }

  /** A path with every link resolved, as a byte string without a final "/". @throws the system's error */
  realPath(path: string | Buffer): string {
    try {
      // The other one removes ".." before it follows links, and makes a string of bytes.
      const absolute = realpathSync.native(path, "buffer").toString("latin1");
      return absolute === "/" ? "" : absolute;
    } catch (error) {
      // A directory that was removed has no path, and nothing in it.
      if (this.path === undefined && path.toString()[0] !== "/") return "";
      throw error;
    }
  }
}
