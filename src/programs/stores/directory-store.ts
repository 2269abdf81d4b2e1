/**
 * A second-level store in a folder, which may be a network share with other machines at it.
 *
 *     <folder>/<id>.ewp                       an entry, as on any disk
 *              .everwarp-….tmp                one that is being written (src/storage/temporary-file.ts)
 *
 * A file gets its name when it is whole. What is there already is replaced: it may be damaged.
 */

import { join } from "node:path";
import { fullText } from "../../base/index.ts";
import { writeAtomically, openRegularFile, removeLeftBehind } from "../../storage/index.ts";
import { MAX_ENTRY_BYTES } from "../entries/index.ts";
import type { SecondLevelStore } from "./second-level.ts";

const SUFFIX = ".ewp";
/** So much is written at a time; in between, a signal is heard. */
const SLICE_BYTES = 1 << 20;

/** Entries in a folder. Errors of the file system pass; `SecondLevel` deals with them. */
export class DirectoryStore implements SecondLevelStore {
  readonly name: string;
  readonly #folder: string;
  #isTidy = false;

  /** @param folder made when something is first put into it. @throws EW_BAD_ARGUMENT */
  constructor(folder: string) {
    fullText("folder", folder);
    this.name = folder;
    this.#folder = folder;
  }

  async get(id: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const opened = await openRegularFile(join(this.#folder, id + SUFFIX), { maxBytes: MAX_ENTRY_BYTES });
    if (opened.state === "absent") return undefined;
    if (opened.state !== "open") throw new Error(`${id}: ${opened.reason}`);
    try {
      return await opened.handle.readFile({ signal });
    } finally {
      await opened.handle.close();
    }
  }

  /** Writes an entry, whole or not at all. */
  async put(id: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    // Others are to read it, too: the umask decides how many.
    const options = { place: "own", mode: 0o666, folderMode: 0o777 } as const;
    await writeAtomically(join(this.#folder, id + SUFFIX), options, async (sink) => {
      for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
        signal.throwIfAborted();
        await sink.write(bytes.subarray(at, at + SLICE_BYTES));
      }
      signal.throwIfAborted();
    });
    if (this.#isTidy) return;
    this.#isTidy = true;
    await removeLeftBehind(this.#folder);
  }
}
