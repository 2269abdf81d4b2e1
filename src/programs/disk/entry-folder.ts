/** The folder of the entries: their names, and a look at their ends without reading them whole. */

import { type FileHandle, readdir } from "node:fs/promises";
import { openRegularFile } from "../../storage/index.ts";
import { ENTRY_END_BYTES, ENTRY_ID, MAX_ENTRY_BYTES } from "../entries/index.ts";

/** What the name of an entry ends with. */
export const ENTRY_SUFFIX = ".ewp";

/** Names of the entries in a folder. */
export async function idsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith(ENTRY_SUFFIX))
    .map((name) => name.slice(0, -ENTRY_SUFFIX.length))
    .filter((id) => ENTRY_ID.test(id));
}

/** Opens an entry for a look at its end: digest and record of use. */
export async function withEnd(
  path: string,
  isWritten: boolean,
  body: (handle: FileHandle, end: Uint8Array, size: number) => Promise<void>,
): Promise<void> {
  const opened = await openRegularFile(path, { maxBytes: MAX_ENTRY_BYTES, isWritten });
  if (opened.state !== "open") return; // it is met again, and moved away, by whoever reads it
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
