/** The entries of one directory. Names stay exact where they are not UTF-8. */

import { type Dir, type Dirent, opendirSync, readdirSync } from "node:fs";
import type { PathLike } from "./ignore-files.ts";

/** What an entry is, without following a link. */
type EntryKind = "file" | "directory" | "link" | "other";

/** An entry of a directory. */
export interface Entry {
  /** Lossy (U+FFFD) where `nameBytes` is set. */
  name: string;
  /** The true bytes; only where the name is not UTF-8. */
  nameBytes: Buffer | undefined;
  kind: EntryKind;
}

const REPLACEMENT = "\ufffd";

/**
 * Lists a directory.
 * @param isAsHeld in the order in which the directory holds its entries. Else by name, which is Node's order
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
  // U+FFFD is either part of the name, or it stands for bytes that are not UTF-8. A second listing with bytes
  // decides.
  return lossy
    ? readdirSync(directory, { withFileTypes: true, encoding: "buffer" }).map(exactEntry)
    : entries;
}

function heldEntries(directory: PathLike): Entry[] {
  const entries: Entry[] = [];
  // Node's types do not allow bytes here.
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

/** UTF-16 order and byte order differ only for names with surrogates. */
const hasSurrogate = (name: string): boolean => /[\ud800-\udfff]/.test(name);
const bytesOf = (entry: Entry): Buffer => entry.nameBytes ?? Buffer.from(entry.name, "utf8");
