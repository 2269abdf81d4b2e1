/**
 * Tells when something changes in folders of a tree.
 *
 * Invariants: `onChange` only says that something may have changed, and may come too often, but a change in a folder
 * that is followed is never missed. A folder that cannot be watched is told once. Nothing comes after `close`.
 */
import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { nowMs, SLICE_MS } from "../../base/index.ts";
import type { FileTable } from "../../search/index.ts";

/** What a `TreeWatch` tells. */
interface WatchEvents {
  onChange(): void;
  onFailure(text: string): void;
}

/** Why a folder cannot be watched; a folder that is gone needs no watch. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the system's limit of watches is reached (fs.inotify.max_user_watches)",
  EMFILE: "the system's limit of watchers is reached (fs.inotify.max_user_instances)",
};

/** See the head of this file. */
export class TreeWatch {
  readonly #events: WatchEvents;
  readonly #watchers = new Map<string, FSWatcher>();
  #hasFailed = false;
  #isClosed = false;

  constructor(events: WatchEvents) {
    this.#events = events;
  }

  /** Follows these folders and no others from now on. @returns whether one of them is new */
  async follow(folders: ReadonlySet<string>): Promise<boolean> {
    for (const [folder, watcher] of this.#watchers)
      if (!folders.has(folder)) {
        watcher.close();
        this.#watchers.delete(folder);
      }
    let hasNew = false;
    let sliceEndMs = nowMs() + SLICE_MS;
    for (const folder of folders) {
      if (this.#isClosed) return false;
      if (!this.#watchers.has(folder) && this.#watch(folder)) hasNew = true;
      if (nowMs() < sliceEndMs) continue;
      await turn();
      sliceEndMs = nowMs() + SLICE_MS;
    }
    return hasNew;
  }

  close(): void {
    this.#isClosed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string): boolean {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#events.onChange());
      watcher.on("error", () => this.#lost(folder));
      this.#watchers.set(folder, watcher);
      return true;
    } catch (error) {
      this.#failed(folder, error as NodeJS.ErrnoException);
      return false;
    }
  }

  /** The folder is gone, or cannot be watched any more. */
  #lost(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
    if (!this.#isClosed) this.#events.onChange();
  }

  #failed(folder: string, { code = "", message }: NodeJS.ErrnoException): void {
    if (code === "ENOENT" || code === "ENOTDIR" || this.#hasFailed) return;
    this.#hasFailed = true;
    this.#events.onFailure(`changes below ${folder} are not seen: ${REASONS[code] ?? message}`);
  }
}

/** The folders that files of a corpus lie in, those above them up to the paths that were asked for, and these. */
export async function watchedFolders(files: FileTable, paths: readonly string[]): Promise<Set<string>> {
  const roots = paths.length === 0 ? ["."] : paths.map((path) => path.replace(/(?<=.)\/+$/, ""));
  const folders = new Set(roots);
  let sliceEndMs = nowMs() + SLICE_MS;
  let last = "";
  for (let file = 0; file < files.fileCount; file++) {
    if ((file & 255) === 0 && nowMs() > sliceEndMs) {
      await turn();
      sliceEndMs = nowMs() + SLICE_MS;
    }
    const folder = dirname(files.path(file));
    if (folder === last) continue;
    last = folder;
    for (let each = folder; !folders.has(each) && each !== "."; each = dirname(each)) {
      folders.add(each);
      if (!roots.some((root) => root === "." || each.startsWith(`${root === "/" ? "" : root}/`))) break;
    }
  }
  return folders;
}
