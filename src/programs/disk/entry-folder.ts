/** The folder of the entries: their names, and access to their last bytes without reading them whole. */

import { type FileHandle, readdir } from "node:fs/promises";
import { openRegularFile } from "../../storage/index.ts";
import { ENTRY_END_BYTES, ENTRY_ID, MAX_ENTRY_BYTES } from "../entries/index.ts";

/** The suffix of entry files. */
export const ENTRY_SUFFIX = ".ewp";

/** The ids of the entries in a folder. */
export async function idsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith(ENTRY_SUFFIX))
    .map((name) => name.slice(0, -ENTRY_SUFFIX.length))
    .filter((id) => ENTRY_ID.test(id));
}

/** Opens an entry and reads its end: the digest and the record of use. */
export async function withEnd(
  path: string,
  isWritten: boolean,
  body: (handle: FileHandle, end: Uint8Array, size: number) => Promise<void>,
): Promise<void> {
  const opened = await openRegularFile(path, { maxBytes: MAX_ENTRY_BYTES, isWritten });
  if (opened.state !== "open") return; // the next reader of this entry moves it away
  const { handle, sizeBytes: size } = opened;
  try {
    if (size <= ENTRY_END_BYTES) return;
    const end = new Uint8Array(ENTRY_END_BYTES);
    const { bytesRead } = await handle.read(end, 0, end.length, size - end.length);
    if (bytesRead === end.length) await body(handle, end, size);
  } finally {
    await handle.close();
  }
}
