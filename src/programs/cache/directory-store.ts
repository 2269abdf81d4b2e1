/**
 * A second-level store in a folder, which may be a network share with other machines at it.
 *
 *     <folder>/<id>.ewp                       an entry, as on any disk
 *              .<host>-<pid>-<random>.tmp     one that is being written
 *
 * A file gets its name when it is whole. What is there already is replaced: it may be damaged.
 */

import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { MAX_ENTRY_BYTES } from "./entry-file.ts";
import type { SecondLevelStore } from "./store.ts";

const SUFFIX = ".ewp";
const TEMPORARY = /^\..+\.tmp$/;
/** A file that was begun so long ago was left behind: nobody can tell whether a process of another machine lives. */
const LEFT_BEHIND_MS = 24 * 3600 * 1000;

export class DirectoryStore implements SecondLevelStore {
  readonly name: string;
  readonly #folder: string;
  #isTidy = false;

  constructor(folder: string) {
    this.name = folder;
    this.#folder = folder;
  }

  async get(id: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    try {
      // Without waiting: a named pipe would keep the call until someone writes to it.
      const handle = await open(join(this.#folder, id + SUFFIX), constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const info = await handle.stat();
        if (!info.isFile()) throw new Error(`${id} is no file`);
        if (info.size > MAX_ENTRY_BYTES) throw new Error(`${id} has ${info.size} bytes`);
        return await handle.readFile({ signal });
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async put(id: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const random = randomBytes(6).toString("hex");
    const temporary = join(this.#folder, `.${hostname()}-${process.pid}-${random}.tmp`);
    try {
      const handle = await open(temporary, "wx");
      try {
        await handle.writeFile(bytes, { signal });
      } finally {
        await handle.close();
      }
      await rename(temporary, join(this.#folder, id + SUFFIX));
    } catch (error) {
      await unlink(temporary).catch(ignoreGone);
      throw error;
    }
    await this.#tidy();
  }

  /** Removes what writers left that died; once in a process. */
  async #tidy(): Promise<void> {
    if (this.#isTidy) return;
    this.#isTidy = true;
    for (const name of await readdir(this.#folder)) {
      if (!TEMPORARY.test(name)) continue;
      const path = join(this.#folder, name);
      const info = await stat(path).catch(ignoreGone);
      if (info !== undefined && Date.now() - info.mtimeMs > LEFT_BEHIND_MS)
        await unlink(path).catch(ignoreGone);
    }
  }
}

/** For cleaning up after something: that it is gone, or may not be touched, changes nothing for who was asked. */
function ignoreGone(): undefined {
  return undefined;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
