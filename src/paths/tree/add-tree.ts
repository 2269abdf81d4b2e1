/**
 * Copies the names below a directory of the file system into a namespace.
 *
 * Invariants: one change adds all entries of a directory, so a concurrent lookup sees the directory empty or complete.
 * Hard links are found by device and inode number; only files with several links are remembered. Unreadable paths are
 * skipped and reported, except for the root.
 */
import {
  lstatSync,
  opendirSync,
  type Dirent,
  readdirSync,
  readlinkSync,
  type Stats,
  statSync,
} from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { EverwarpError, nowMs, SLICE_MS } from "../../base/index.ts";
import { INODE_KIND, ROOT_INODE } from "../table/index.ts";
import { type PathLike, pathBytes, errnoCode, PathError } from "../lookup/index.ts";
import type { PathTree } from "./tree.ts";

/** Progress of `addTree`. */
export interface AddTreeProgress {
  /** Number of names added so far. */
  readonly entryCount: number;
  readonly directoryCount: number;
}

/** Options of `addTree`. */
export interface AddTreeOptions {
  /** The target in the namespace: an existing directory. Default: the root. */
  at?: PathLike;
  /** Called after every few milliseconds of work. */
  onProgress?: (progress: AddTreeProgress) => void;
  /** Ends the work between two directories, with EW_ABORTED. */
  signal?: AbortSignal;
}

/** The result of `addTree`. */
export interface AddTreeResult extends AddTreeProgress {
  /** Paths that could not be read, each with its error code. */
  readonly skipped: readonly { readonly path: string; readonly code: string }[];
}

/** Makes one change. */
type Change = <T>(edit: (tree: PathTree) => T) => Promise<T>;

const SLASH = Buffer.from("/");

/** A directory to be read: its path on the file system, and its inode in the namespace. */
interface Pending {
  readonly path: Buffer;
  readonly inode: number;
}

/** Entries that were read and are not in the namespace yet. */
interface ReadDirectory {
  readonly inode: number;
  readonly path: Buffer;
  readonly entries: readonly { name: Buffer; kind: number; target?: Buffer; link?: string }[];
}

/** See `Namespace.addTree`. @param change makes one change of the namespace */
export async function addTree(change: Change, root: string, options: AddTreeOptions): Promise<AddTreeResult> {
  const { at = "/", onProgress, signal } = options;
  assertDirectory(root);
  const start = await change((tree) => findDirectory(tree, at));
  const skipped: { path: string; code: string }[] = [];
  /** Inodes of files with several names, by device and inode number of the file system. */
  const linked = new Map<string, number>();
  const pending: Pending[] = [{ path: Buffer.from(root), inode: start }];
  let entryCount = 0;
  let directoryCount = 0;

  while (pending.length > 0) {
    if (signal?.aborted === true)
      throw new EverwarpError("EW_ABORTED", `adding ${root} was aborted by its signal`, {
        remedy: "What was added so far stays. Remove it, or add the rest.",
        cause: signal.reason,
      });
    const read: ReadDirectory[] = [];
    const untilMs = nowMs() + SLICE_MS;
    for (let next; nowMs() < untilMs && (next = pending.pop()) !== undefined;)
      read.push(readDirectory(next, skipped));
    // Directories that are added here are read in the next slice.
    entryCount += await change((tree) => {
      let added = 0;
      for (const directory of read) added += addEntries(tree, directory, linked, pending);
      return added;
    });
    directoryCount += read.length;
    onProgress?.({ entryCount, directoryCount });
    await turn();
  }
  return { entryCount, directoryCount, skipped };
}

function assertDirectory(root: string): void {
  try {
    opendirSync(root).closeSync();
    statSync(root);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new EverwarpError(
      code === "ENOENT" ? "EW_PATH_NOT_FOUND" : "EW_PATH_UNREADABLE",
      `${root} cannot be read as a directory (${code})`,
      { remedy: "Name a directory that exists and may be read.", cause },
    );
  }
}

function findDirectory(tree: PathTree, at: PathLike): number {
  const inode = tree.resolve(pathBytes(at), ROOT_INODE, true);
  const text = typeof at === "string" ? at : Buffer.from(at).toString();
  if (inode < 0) throw new PathError(errnoCode(inode), "scandir", text);
  if (tree.table.kindOf(inode) !== INODE_KIND.directory) throw new PathError("ENOTDIR", "scandir", text);
  return inode;
}

function readDirectory({ path, inode }: Pending, skipped: { path: string; code: string }[]): ReadDirectory {
  const attempt = <T>(what: Buffer, act: () => T): T | undefined => {
    try {
      return act();
    } catch (error) {
      skipped.push({ path: what.toString(), code: (error as NodeJS.ErrnoException).code ?? String(error) });
      return undefined;
    }
  };
  const names = attempt(
    path,
    () => readdirSync(path, { withFileTypes: true, encoding: "buffer" }) as unknown as Dirent<Buffer>[],
  );
  const entries: ReadDirectory["entries"][number][] = [];
  for (const entry of names ?? []) {
    const { name } = entry;
    const full = Buffer.concat([path, SLASH, name]);
    if (entry.isDirectory()) entries.push({ name, kind: INODE_KIND.directory });
    else if (entry.isSymbolicLink()) {
      const target = attempt(full, () => readlinkSync(full, { encoding: "buffer" }));
      if (target !== undefined) entries.push({ name, kind: INODE_KIND.symlink, target });
    } else {
      const stat = attempt(full, () => lstatSync(full));
      if (stat !== undefined) entries.push({ name, kind: INODE_KIND.file, ...linkOf(stat) });
    }
  }
  return { inode, path, entries };
}

function linkOf({ nlink, dev, ino }: Stats): { link?: string } {
  return nlink > 1 ? { link: `${dev}:${ino}` } : {};
}

/** @returns how many entries were new */
function addEntries(
  tree: PathTree,
  { inode: directory, path, entries }: ReadDirectory,
  linked: Map<string, number>,
  pending: Pending[],
): number {
  let added = 0;
  if (tree.table.kindOf(directory) !== INODE_KIND.directory) return 0; // the directory was removed meanwhile
  for (const { name, kind, target, link } of entries) {
    let inode = tree.childOf(directory, name);
    const isThere = inode !== 0;
    if (!isThere) {
      added++;
      if (kind === INODE_KIND.directory) inode = tree.addDirectoryIn(directory, name);
      else if (target !== undefined) inode = tree.addSymlinkIn(directory, target, name);
      else inode = addFile(tree, directory, name, link, linked);
    }
    if (kind === INODE_KIND.directory && tree.table.kindOf(inode) === INODE_KIND.directory)
      pending.push({ path: Buffer.concat([path, SLASH, name]), inode });
  }
  return added;
}

function addFile(
  tree: PathTree,
  directory: number,
  name: Buffer,
  link: string | undefined,
  linked: Map<string, number>,
): number {
  const known = link === undefined ? undefined : linked.get(link);
  if (known !== undefined && tree.table.kindOf(known) === INODE_KIND.file) {
    tree.linkIn(directory, known, name);
    return known;
  }
  const inode = tree.addFileIn(directory, name);
  if (link !== undefined) linked.set(link, inode);
  return inode;
}
