/** The directory that relative paths refer to: the process's or another one. It may have been removed. */

import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { currentDirectory } from "../../base/index.ts";
import { absoluteKey } from "./directory-rules.ts";

/** Resolves paths from a working directory. */
export class WorkingDirectory {
  /** The beginning of the absolute paths in it, as a byte string. Undefined if it was removed. */
  readonly prefix: string | undefined;
  /** Undefined if it was removed. Then relative paths lead nowhere, and absolute paths still work. */
  private readonly path: string | undefined;

  /** @param path absolute; without it, the process's */
  constructor(path: string | undefined = currentDirectory()) {
    this.path = path;
    this.prefix = path === undefined ? undefined : `${absoluteKey(path)}/`;
  }

  /** A path for the system. "" is the directory itself. */
  resolve(path: string): string {
    if (this.path !== undefined) return resolve(this.path, path);
    return path === "" ? "." : path;
  }

  resolveBytes(path: Uint8Array): Buffer {
    if (path[0] === 47 || this.path === undefined) return Buffer.from(path.length === 0 ? "." : path);
    return Buffer.concat([Buffer.from(`${this.path}/`), path]);
  }

  /** A path with every link resolved, as a byte string without a final "/". @throws the system's error */
  realPath(path: string | Buffer): string {
    try {
      // The other one makes a string of bytes.
      const resolved = typeof path === "string" ? realpathSync : realpathSync.native;
      const absolute = resolved(path, "buffer").toString("latin1");
      return absolute === "/" ? "" : absolute;
    } catch (error) {
      // A directory that was removed has no path, and nothing in it.
      if (this.path === undefined && path.toString()[0] !== "/") return "";
      throw error;
    }
  }
}
