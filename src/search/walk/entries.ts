/** The entries of one directory, names kept exact where they are not UTF-8. */

import { type Dir, type Dirent, opendirSync, readdirSync } from "node:fs";
import type { PathLike } from "./ignore-files.ts";

/** What an entry is, without following a link. */
type EntryKind = "file" | "directory" | "link" | "other";

export interface Entry {
  /** Lossy (U+FFFD) where `nameBytes` is set. */
  name: string;
  /** The true bytes; only where the name is not UTF-8. */
  nameBytes: Buffer | undefined;
  kind: EntryKind;
}

const REPLACEMENT = "\ufffd";

/**
 * @param isAsHeld in the order in which the directory holds them; else by name, which is how Node lists them
 * @throws the system's error
 */
export function readEntries(directory: PathLike, isAsHeld = false): Entry[] {
  if (isAsHeld) return heldEntries(directory);
  const dirents = readdirSync(directory, { withFileTypes: true });
  const entries: Entry[] = Array.from({ length: dirents.length });
  let lossy = false;
  for (let i = 0; i < dirents.length; i++) {
    const dirent = dirents[i] as Dirent;
    if (dirent.name.includes(REPLACEMENT)) lossy = true;
    entries[i] = { name: dirent.name, nameBytes: undefined, kind: kindOf(dirent) };
  }
  // U+FFFD is either truly in a name or stands for bytes that are not UTF-8: ask again for the bytes.
  return lossy
    ? readdirSync(directory, { withFileTypes: true, encoding: "buffer" }).map(exactEntry)
    : entries;
}

function heldEntries(directory: PathLike): Entry[] {
  const entries: Entry[] = [];
  // The types of Node know no bytes here.
  const opened = opendirSync(directory, { encoding: "buffer" as BufferEncoding }) as unknown as Dir;
  try {
    for (let dirent; (dirent = opened.readSync()) !== null;)
      entries.push(exactEntry(dirent as unknown as Dirent<Buffer>));
  } finally {
    opened.closeSync();
  }
  return entries;
}

function exactEntry(dirent: Dirent<Buffer>): Entry {
  const bytes = dirent.name;
  const name = bytes.toString("utf8");
  return {
    name,
    nameBytes: Buffer.from(name, "utf8").equals(bytes) ? undefined : bytes,
    kind: kindOf(dirent),
  };
}

function kindOf(dirent: Dirent | Dirent<Buffer>): EntryKind {
  if (dirent.isFile()) return "file";
  if (dirent.isDirectory()) return "directory";
  return dirent.isSymbolicLink() ? "link" : "other";
}

/** Sorts by the bytes of the names. */
export function sortEntries(entries: Entry[]): Entry[] {
  return entries.sort((a, b) => {
    if (
      a.nameBytes === undefined &&
      b.nameBytes === undefined &&
      !hasSurrogate(a.name) &&
      !hasSurrogate(b.name)
    ) {
      return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
    }
    return Buffer.compare(bytesOf(a), bytesOf(b));
  });
}

/** UTF-16 order and byte order differ only where surrogates take part. */
const hasSurrogate = (name: string): boolean => /[\ud800-\udfff]/.test(name);
const bytesOf = (entry: Entry): Buffer => entry.nameBytes ?? Buffer.from(entry.name, "utf8");
