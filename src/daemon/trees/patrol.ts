/**
 * Looks at a few files in memory at a time, and so at all of them again and again.
 *
 * It finds what the kernel tells nobody: a file got another name in a directory that no search has listed, and may be
 * written by that name. Such a file is loaded again, and has a watch of its own then, which hears of all names.
 */
import { statSync } from "node:fs";
import type { StoredFile } from "./directory.ts";
import { isAsLoaded, type LoadedStamp, statsOf } from "./system-state.ts";
import type { TreeWatch } from "./tree-watch.ts";

/** See the head of this file. */
export class Patrol {
  readonly #watch: TreeWatch;
  readonly #stampOf: (file: StoredFile) => LoadedStamp | undefined;
  #round: Generator<StoredFile, undefined> | undefined;

  /** @param stampOf how a file was when it was read; undefined where it is not in memory */
  constructor(watch: TreeWatch, stampOf: (file: StoredFile) => LoadedStamp | undefined) {
    this.#watch = watch;
    this.#stampOf = stampOf;
  }

  /** Looks at the next files. */
  step(fileCount: number): void {
    this.#round ??= this.#watch.files();
    for (let looked = 0; looked < fileCount; looked++) {
      const file = this.#round.next().value;
      if (file === undefined) return void (this.#round = undefined);
      const loaded = file.watch < 0 ? this.#stampOf(file) : undefined;
      if (loaded === undefined) continue;
      const now = statsOf(file.path, statSync);
      if (now === undefined || now.nlink > 1 || !isAsLoaded(now, loaded)) this.#watch.fileChanged(file);
    }
  }
}
