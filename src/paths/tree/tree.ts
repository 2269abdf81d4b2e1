/**
 * The namespace's truth: files, directories and symlinks, changed by the rules of Linux (fs/namei.c) with its error numbers.
 *
 * Invariants: the root is a directory and its own parent; every other directory is named by exactly one entry, whose directory is its parent;
 * an inode is freed when its last entry goes; an operation that fails has changed nothing.
 * Everything here runs at once and to its end; whoever looks the table up from other threads keeps them out meanwhile (`Namespace` does).
 */
import { assert, EverwarpError } from "../../base/index.ts";
import {
  type ErrnoCode,
  INODE_KIND,
  NAME_BYTES_MAX,
  PATH_BYTES_MAX,
  ROOT_INODE,
  findSlot,
  type PathTable,
  Table,
  TableHeader,
} from "../table/index.ts";
import { type LastComponent, PathWalker, errnoCode, PathError, type PathOperation } from "../lookup/index.ts";
import { NodeList } from "./node-list.ts";

const decoder = new TextDecoder();
const SLASH = 0x2f;

export type InodeKind = "file" | "directory" | "symlink";

/** What an inode is. */
export interface InodeStat {
  readonly inode: number;
  readonly kind: InodeKind;
  /** Entries that name it; of a directory, as most file systems count: 2 and one for each directory in it. */
  readonly linkCount: number;
  /** Entries in it; 0 for what is no directory. */
  readonly entryCount: number;
  /** The directory that `..` names in it; only of directories. */
  readonly parent?: number;
  /** What it points to; only of symlinks. */
  readonly target?: Buffer;
}

/** An entry of a directory. */
export interface TreeEntry {
  readonly name: Buffer;
  readonly inode: number;
  readonly kind: InodeKind;
}

/** What an operation was called on, for its errors. */
class Call {
  readonly operation: PathOperation;
  readonly path: Uint8Array;
  readonly dest: Uint8Array | undefined;
  constructor(operation: PathOperation, path: Uint8Array, dest?: Uint8Array) {
    this.operation = operation;
    this.path = path;
    this.dest = dest;
  }
  error(code: ErrnoCode): PathError {
    const dest = this.dest === undefined ? undefined : decoder.decode(this.dest);
    return new PathError(code, this.operation, decoder.decode(this.path), dest);
  }
}

export class PathTree {
  readonly table: PathTable;
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #nodes: NodeList;
  readonly #walker: PathWalker;

  /** @param table an empty one, which gets its root, or one that a tree has made before */
  constructor(table: PathTable) {
    this.table = table;
    this.#words = table.words;
    this.#bytes = new Uint8Array(table.words.buffer);
    if (table.kindOf(ROOT_INODE) === INODE_KIND.none) table.setDirectory(ROOT_INODE, ROOT_INODE);
    this.#nodes = new NodeList(table);
    this.#walker = new PathWalker(table.words);
  }

  get entryCount(): number {
    return this.#words[TableHeader.ENTRY_COUNT];
  }

  /** One path, as a backend would resolve it. @returns the inode, or −errno */
  resolve(path: Uint8Array, directory = ROOT_INODE, followSymlinks = true): number {
    return this.#walker.resolve(path, 0, path.length, directory, followSymlinks);
  }

  /**
   * Adds a file, as `open` does with O_CREAT and O_EXCL.
   * @returns its inode
   * @throws PathError EEXIST, EISDIR for a trailing slash, and those of lookups; EW_PATHS_FULL
   */
  addFile(path: Uint8Array, directory = ROOT_INODE): number {
    const call = new Call("open", path);
    const last = this.#parentOf(call, path, directory);
    if (last.type !== "name") throw call.error("EEXIST");
    if (last.hasTrailingSlash) throw call.error("EISDIR");
    if (this.#childIn(call, path, last) !== 0) throw call.error("EEXIST");
    return this.addFileIn(last.directory, path, last.begin, last.length);
  }

  /** Adds a directory, as `mkdir` does. @throws PathError EEXIST, and those of lookups; EW_PATHS_FULL */
  addDirectory(path: Uint8Array, directory = ROOT_INODE): number {
    const call = new Call("mkdir", path);
    const last = this.#newName(call, path, directory, true);
    return this.addDirectoryIn(last.directory, path, last.begin, last.length);
  }

  /**
   * Adds a directory and those above it that are missing, as `fs.mkdir` does with `recursive`; one that is there is no error.
   * @returns its inode
   * @throws PathError EEXIST where something else has the name, ENOTDIR, and those of lookups; EW_PATHS_FULL
   */
  addDirectories(path: Uint8Array, directory = ROOT_INODE): number {
    const there = this.resolve(path, directory);
    if (there > 0 && this.table.kindOf(there) === INODE_KIND.directory) return there;
    const missing: Uint8Array[] = [path];
    for (;;) {
      const next = missing.at(-1)!;
      let inode: number;
      try {
        inode = this.addDirectory(next, directory);
      } catch (error) {
        if (!(error instanceof PathError)) throw error;
        const above = error.code === "ENOENT" ? parentText(next) : undefined;
        if (above !== undefined) {
          missing.push(above);
          continue;
        }
        inode = this.#directoryThere(next, directory, missing.length > 1, error);
      }
      missing.pop();
      if (missing.length === 0) return inode;
    }
  }

  /** The directory that made a new one of its name fail; whatever else is there, or is not there behind a symlink, is the reason. */
  #directoryThere(path: Uint8Array, directory: number, isAbove: boolean, error: PathError): number {
    const call = new Call("mkdir", path);
    if (error.code !== "EEXIST") throw error;
    const inode = this.resolve(path, directory);
    if (inode < 0) throw call.error(errnoCode(inode));
    if (this.table.kindOf(inode) !== INODE_KIND.directory) throw call.error(isAbove ? "ENOTDIR" : "EEXIST");
    return inode;
  }

  /**
   * Adds a symlink, as `symlink` does.
   * @param target any bytes but NUL, 1 to 4,095
   * @throws PathError EEXIST, ENOENT for an empty target, ENAMETOOLONG, and those of lookups; EW_PATHS_FULL
   */
  addSymlink(target: Uint8Array, path: Uint8Array, directory = ROOT_INODE): number {
    const call = new Call("symlink", target, path);
    if (target.length === 0) throw call.error("ENOENT");
    if (target.length > PATH_BYTES_MAX) throw call.error("ENAMETOOLONG");
    if (target.includes(0)) throw call.error("EINVAL");
    const last = this.#newName(call, path, directory, false);
    return this.addSymlinkIn(last.directory, target, path, last.begin, last.length);
  }

  /**
   * Gives a file or symlink one more name, as `link` does; a symlink is not followed.
   * @returns its inode
   * @throws PathError EPERM for a directory, EEXIST, and those of lookups; EW_PATHS_FULL
   */
  link(existing: Uint8Array, path: Uint8Array, directory = ROOT_INODE): number {
    const call = new Call("link", existing, path);
    const inode = this.resolve(existing, directory, false);
    if (inode < 0) throw call.error(errnoCode(inode));
    const last = this.#newName(call, path, directory, false);
    if (this.table.kindOf(inode) === INODE_KIND.directory) throw call.error("EPERM");
    this.#assertRoom();
    this.#insert(last.directory, path, last.begin, last.length, inode);
    return inode;
  }

  /** Removes the name of a file or symlink, as `unlink` does. @throws PathError EISDIR, and those of lookups */
  unlink(path: Uint8Array, directory = ROOT_INODE): void {
    const call = new Call("unlink", path);
    const last = this.#parentOf(call, path, directory);
    if (last.type !== "name") throw call.error("EISDIR");
    const child = this.#childIn(call, path, last);
    if (child === 0) throw call.error("ENOENT");
    const isDirectory = (child & Table.KIND_MASK) === INODE_KIND.directory;
    if (isDirectory) throw call.error("EISDIR");
    if (last.hasTrailingSlash) throw call.error("ENOTDIR");
    this.#removeEntry(last.directory, path, last.begin, last.length);
  }

  /** Removes an empty directory, as `rmdir` does. @throws PathError ENOTEMPTY, ENOTDIR, EBUSY, EINVAL, and those of lookups */
  removeDirectory(path: Uint8Array, directory = ROOT_INODE): void {
    const call = new Call("rmdir", path);
    const last = this.#parentOf(call, path, directory);
    if (last.type === "dotdot") throw call.error("ENOTEMPTY");
    if (last.type === "dot") throw call.error("EINVAL");
    if (last.type === "root") throw call.error("EBUSY");
    const child = this.#childIn(call, path, last);
    if (child === 0) throw call.error("ENOENT");
    if ((child & Table.KIND_MASK) !== INODE_KIND.directory) throw call.error("ENOTDIR");
    if (this.#nodes.entries(child >>> Table.KIND_BITS) > 0) throw call.error("ENOTEMPTY");
    this.#removeEntry(last.directory, path, last.begin, last.length);
  }

  /**
   * Removes what a path names: a symlink itself, a directory only when it is empty or `isRecursive`.
   * @throws PathError as `unlink` and `removeDirectory` do
   */
  remove(path: Uint8Array, isRecursive = false, directory = ROOT_INODE): void {
    const inode = this.resolve(path, directory, false);
    if (inode < 0 || this.table.kindOf(inode) !== INODE_KIND.directory) return this.unlink(path, directory);
    if (isRecursive) {
      const last = this.#walker.resolveParent(path, directory);
      // `a/.`, `..` and `/` are refused by rmdir, and before anything is removed.
      if (typeof last === "object" && last.type === "name") this.#empty(inode);
    }
    this.removeDirectory(path, directory);
  }

  /**
   * Gives what a path names another path, in one step, as `rename` does: what was there is replaced.
   * @throws PathError EINVAL for a directory into itself, EISDIR, ENOTDIR, ENOTEMPTY, EBUSY, and those of lookups; EW_PATHS_FULL
   */
  rename(from: Uint8Array, to: Uint8Array, directory = ROOT_INODE): void {
    const call = new Call("rename", from, to);
    const source = { ...this.#parentOf(call, from, directory) };
    const target = this.#parentOf(call, to, directory);
    if (source.type !== "name" || target.type !== "name") throw call.error("EBUSY");
    const moved = this.#childIn(call, from, source);
    if (moved === 0) throw call.error("ENOENT");
    const replaced = this.#childIn(call, to, target);
    const inode = moved >>> Table.KIND_BITS;
    const isDirectory = (moved & Table.KIND_MASK) === INODE_KIND.directory;
    if (!isDirectory && (source.hasTrailingSlash || target.hasTrailingSlash)) throw call.error("ENOTDIR");
    if (isDirectory && this.#isWithin(target.directory, inode)) throw call.error("EINVAL");

    const victim = replaced >>> Table.KIND_BITS;
    const isVictimDirectory = (replaced & Table.KIND_MASK) === INODE_KIND.directory;
    if (isVictimDirectory && this.#isWithin(source.directory, victim)) throw call.error("ENOTEMPTY");
    if (victim === inode) return; // two names of one file: nothing happens
    if (replaced !== 0) {
      if (isDirectory && !isVictimDirectory) throw call.error("ENOTDIR");
      if (!isDirectory && isVictimDirectory) throw call.error("EISDIR");
      if (isVictimDirectory && this.#nodes.entries(victim) > 0) throw call.error("ENOTEMPTY");
    }
    this.#insert(target.directory, to, target.begin, target.length, inode);
    if (isDirectory) this.table.setDirectory(inode, target.directory);
    this.#removeEntry(source.directory, from, source.begin, source.length);
  }

  // By inode: for whoever knows that the directory is one and the name is free

  /** Adds a file under a name that is free: bytes[begin … begin + length). @throws EW_PATHS_FULL */
  addFileIn(directory: number, bytes: Uint8Array, begin = 0, length: number = bytes.length): number {
    const inode = this.#nodes.takeInode();
    this.table.setFile(inode);
    return this.#insertNew(directory, bytes, begin, length, inode);
  }

  /** Adds a directory under a name that is free. @throws EW_PATHS_FULL */
  addDirectoryIn(directory: number, bytes: Uint8Array, begin = 0, length: number = bytes.length): number {
    const inode = this.#nodes.takeInode();
    this.table.setDirectory(inode, directory);
    return this.#insertNew(directory, bytes, begin, length, inode);
  }

  /** Adds a symlink under a name that is free. @throws EW_PATHS_FULL */
  addSymlinkIn(
    directory: number,
    target: Uint8Array,
    bytes: Uint8Array,
    begin = 0,
    length: number = bytes.length,
  ): number {
    const inode = this.#nodes.takeInode();
    try {
      this.table.setSymlink(inode, target);
    } catch (error) {
      this.#nodes.giveInode(inode);
      throw error;
    }
    return this.#insertNew(directory, bytes, begin, length, inode);
  }

  /** Gives an inode that is no directory one more name, which is free. @throws EW_PATHS_FULL */
  linkIn(directory: number, inode: number, bytes: Uint8Array, begin = 0, length = bytes.length): void {
    this.#assertRoom();
    this.#insert(directory, bytes, begin, length, inode);
  }

  /** The inode of a name in a directory, or 0. */
  childOf(directory: number, bytes: Uint8Array, begin = 0, length: number = bytes.length): number {
    return this.table.find(directory, bytes, begin, length) >>> Table.KIND_BITS;
  }

  // Looking

  /** What an inode is; undefined where there is none. */
  stat(inode: number): InodeStat | undefined {
    const kind = Number.isInteger(inode) && inode > 0 ? this.table.kindOf(inode) : INODE_KIND.none;
    switch (kind) {
      case INODE_KIND.file:
        return { inode, kind: "file", linkCount: this.#nodes.links(inode), entryCount: 0 };
      case INODE_KIND.symlink: {
        const target = Buffer.from(this.table.targetOf(inode));
        return { inode, kind: "symlink", linkCount: this.#nodes.links(inode), entryCount: 0, target };
      }
      case INODE_KIND.directory: {
        const linkCount = this.#nodes.links(inode) + (inode === ROOT_INODE ? 2 : 1);
        const entryCount = this.#nodes.entries(inode);
        return { inode, kind: "directory", linkCount, entryCount, parent: this.table.parentOf(inode) };
      }
      default:
        return undefined;
    }
  }

  /** The entries of a directory, last added first; none for what is no directory, or no inode at all. */
  *entries(directory: number): Generator<TreeEntry> {
    if (this.table.kindOf(directory) !== INODE_KIND.directory) return;
    for (const record of this.#nodes.children(directory)) {
      const child = this.#words[this.#slotOf(record) + Table.BUCKET_CHILD];
      const { begin, length } = this.#nameOf(record);
      const kind = KIND_NAMES[child & Table.KIND_MASK];
      assert(kind !== undefined, `the kind of an entry is ${child & Table.KIND_MASK}`);
      yield {
        name: Buffer.from(this.#bytes.slice(begin, begin + length)),
        inode: child >>> Table.KIND_BITS,
        kind,
      };
    }
  }

  /** A path that leads to an inode: the only one of a directory; of a file the last that was given to it, while it has that. */
  pathOf(inode: number): Buffer | undefined {
    const names: Buffer[] = [];
    for (let at = inode; at !== ROOT_INODE;) {
      const record = this.table.kindOf(at) === INODE_KIND.none ? 0 : this.#nodes.record(at);
      if (record === 0) return undefined;
      const { directory, begin, length } = this.#nameOf(record);
      names.unshift(Buffer.from("/"), Buffer.from(this.#bytes.slice(begin, begin + length)));
      at = directory;
    }
    return names.length === 0 ? Buffer.from("/") : Buffer.concat(names);
  }

  // Helpers

  #parentOf(call: Call, path: Uint8Array, directory: number): LastComponent {
    const last = this.#walker.resolveParent(path, directory);
    if (typeof last === "number") throw call.error(errnoCode(last));
    return last;
  }

  /** The child word under a last component, or 0. */
  #childIn(call: Call, path: Uint8Array, last: LastComponent): number {
    if (last.length > NAME_BYTES_MAX) throw call.error("ENAMETOOLONG");
    return this.table.find(last.directory, path, last.begin, last.length);
  }

  /** A last component that names nothing yet (Linux: filename_create). */
  #newName(call: Call, path: Uint8Array, directory: number, isDirectory: boolean): LastComponent {
    const last = this.#parentOf(call, path, directory);
    if (last.type !== "name") throw call.error("EEXIST");
    if (this.#childIn(call, path, last) !== 0) throw call.error("EEXIST");
    if (last.hasTrailingSlash && !isDirectory) throw call.error("ENOENT");
    return last;
  }

  #insertNew(directory: number, bytes: Uint8Array, begin: number, length: number, inode: number): number {
    try {
      this.#assertRoom();
      this.#insert(directory, bytes, begin, length, inode);
    } catch (error) {
      this.table.clearInode(inode);
      this.#nodes.giveInode(inode);
      throw error;
    }
    return inode;
  }

  /** Capacity is a promise and a limit. A rename needs none of it: it ends with as many entries as before, or fewer. @throws EW_PATHS_FULL */
  #assertRoom(): void {
    const { maxEntries } = this.table;
    if (this.entryCount < maxEntries) return;
    throw new EverwarpError(
      "EW_PATHS_FULL",
      `the namespace is full: its maxEntries is ${maxEntries} entries`,
      {
        remedy: "Open or load it with a larger maxEntries.",
      },
    );
  }

  /** Adds an entry, or lets the one that is there name another inode. */
  #insert(directory: number, bytes: Uint8Array, begin: number, length: number, inode: number): void {
    const former = this.table.find(directory, bytes, begin, length) >>> Table.KIND_BITS;
    this.table.link(directory, inode, this.table.kindOf(inode), bytes, begin, length);
    const slot = findSlot(this.#words, directory, bytes, begin, length);
    const record = this.#words[slot + Table.BUCKET_RECORD];
    if (former === 0) {
      this.#nodes.add(directory, record, inode);
    } else {
      this.#nodes.replace(record, former, inode);
      this.#freeUnnamed(former);
    }
  }

  #removeEntry(directory: number, bytes: Uint8Array, begin: number, length: number): void {
    const slot = findSlot(this.#words, directory, bytes, begin, length);
    assert(slot >= 0, "an entry that is removed is there");
    const inode = this.#words[slot + Table.BUCKET_CHILD] >>> Table.KIND_BITS;
    this.#nodes.delete(directory, this.#words[slot + Table.BUCKET_RECORD], inode);
    this.table.unlink(directory, bytes, begin, length);
    this.#freeUnnamed(inode);
  }

  #freeUnnamed(inode: number): void {
    if (this.#nodes.links(inode) > 0) return;
    this.table.clearInode(inode);
    this.#nodes.giveInode(inode);
  }

  /** Removes everything below a directory, the deepest first; as deep as it may be. */
  #empty(directory: number): void {
    for (let at = directory; ;) {
      const record = this.#nodes.firstChild(at);
      if (record === 0) {
        if (at === directory) return;
        at = this.table.parentOf(at);
        continue;
      }
      const child = this.#words[this.#slotOf(record) + Table.BUCKET_CHILD];
      const isDirectory = (child & Table.KIND_MASK) === INODE_KIND.directory;
      if (isDirectory && this.#nodes.entries(child >>> Table.KIND_BITS) > 0) {
        at = child >>> Table.KIND_BITS;
        continue;
      }
      const { begin, length } = this.#nameOf(record);
      this.#removeEntry(at, this.#bytes.slice(begin, begin + length), 0, length);
    }
  }

  /** Is a directory another one, or somewhere below it? */
  #isWithin(directory: number, ancestor: number): boolean {
    for (let at = directory; ; at = this.table.parentOf(at)) {
      if (at === ancestor) return true;
      if (at === ROOT_INODE) return false;
    }
  }

  #slotOf(record: number): number {
    const { directory, begin, length } = this.#nameOf(record);
    return findSlot(this.#words, directory, this.#bytes, begin, length);
  }

  /** Directory and name of a record; the name lies in the table's bytes. */
  #nameOf(record: number): { directory: number; begin: number; length: number } {
    const word = this.#words[TableHeader.NAMES_AT] + record * Table.VECTOR_WORDS;
    return {
      directory: this.#words[word + Table.RECORD_PARENT],
      begin: 4 * (word + Table.RECORD_NAME),
      length: this.#words[word + Table.RECORD_LENGTH],
    };
  }
}

/** A path without its last component and the slashes in front of it; undefined where nothing is left. */
function parentText(path: Uint8Array): Uint8Array | undefined {
  let end = path.length;
  while (end > 0 && path[end - 1] === SLASH) end--;
  while (end > 0 && path[end - 1] !== SLASH) end--;
  return end === 0 ? undefined : path.subarray(0, end);
}

const KIND_NAMES: readonly (InodeKind | undefined)[] = [undefined, "file", "directory", "symlink"];
