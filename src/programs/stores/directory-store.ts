/**
 * A second-level store in a folder. The folder may be a network share that other machines use.
 *
 *     <folder>/<id>.ewp                       an entry, as in the store on disk
 *              .everwarp-….tmp                an entry that is being written (src/storage/temporary-file.ts)
 *
 * A file gets its final name when it is complete. It replaces an existing file, because that file may be damaged.
 */

import { join } from "node:path";
import { fullText } from "../../base/index.ts";
import { writeAtomically, openRegularFile, removeLeftBehind } from "../../storage/index.ts";
import { MAX_ENTRY_BYTES } from "../entries/index.ts";
import type { SecondLevelStore, StoreCallOptions } from "./second-level.ts";

const SUFFIX = ".ewp";
/** How many bytes are written at a time. Between two writes, the signal is checked. */
const SLICE_BYTES = 1 << 20;

/** Entries in a folder. Errors of the file system are thrown; `SecondLevel` handles them. */
export class DirectoryStore implements SecondLevelStore {
  readonly name: string;
  readonly #folder: string;
  #isTidy = false;

  /** @param folder created at the first put. @throws EW_BAD_ARGUMENT */
  constructor(folder: string) {
    fullText("folder", folder);
    this.name = folder;
    this.#folder = folder;
  }

  async get(id: string, { signal }: StoreCallOptions): Promise<Uint8Array | undefined> {
    const opened = await openRegularFile(join(this.#folder, id + SUFFIX), { maxBytes: MAX_ENTRY_BYTES });
    if (opened.state === "absent") return undefined;
    if (opened.state !== "open") throw new Error(`${id}: ${opened.reason}`);
    try {
      return await opened.handle.readFile({ signal });
    } finally {
      await opened.handle.close();
    }
  }

  /** Writes an entry atomically. */
  async put(id: string, bytes: Uint8Array, { signal }: StoreCallOptions): Promise<void> {
    // Other users may read the entry, as far as the umask allows.
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
