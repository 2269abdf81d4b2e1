/**
 * The truth of a namespace: files, directories and symlinks, changed by the rules of Linux (fs/namei.c) with its error
 * numbers.
 *
 * Invariants: exactly one entry names each directory except the root, and the directory of that entry is its parent. A
 * failed operation changes nothing. Operations are synchronous. Other threads that read the table must be kept out
 * meanwhile; `Namespace` does that.
 */
import { type LastComponent, PathError, type PathOperation, PathWalker, errnoCode } from "../lookup/index.ts";
import {
  type ErrnoCode,
  INODE_KIND,
  NAME_BYTES_MAX,
  PATH_BYTES_MAX,
  type PathTable,
  ROOT_INODE,
  Table,
} from "../table/index.ts";
import { TreeEntries } from "./entries.ts";

const decoder = new TextDecoder();
const SLASH = 0x2f;

/** An operation and its paths, for its errors. */
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

/** The namespace by paths, with the rules of Linux. */
export class PathTree extends TreeEntries {
  readonly #walker: PathWalker;

  /** @param table an empty table, which gets its root, or a table that a tree has made */
  constructor(table: PathTable) {
    super(table);
    this.#walker = new PathWalker(table.words);
  }

  /** Resolves one path like a backend. @returns the inode, or −errno */
  resolve(path: Uint8Array, directory = ROOT_INODE, followSymlinks = true): number {
    return this.#walker.resolve(path, 0, path.length, directory, followSymlinks);
  }

  /**
   * Adds a file, like `open` with O_CREAT and O_EXCL.
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

  /** Adds a directory, like `mkdir`. @throws PathError EEXIST, and those of lookups; EW_PATHS_FULL */
  addDirectory(path: Uint8Array, directory = ROOT_INODE): number {
    const call = new Call("mkdir", path);
    const last = this.#newName(call, path, directory, true);
    return this.addDirectoryIn(last.directory, path, last.begin, last.length);
  }

  /**
   * Adds a directory and its missing parents, like `fs.mkdir` with `recursive`. An existing directory is no error.
   * @returns its inode
   * @throws PathError EEXIST if something else has the name, ENOTDIR, and those of lookups; EW_PATHS_FULL
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

  /**
   * The existing directory with this name.
   * @throws PathError if something else has the name, or a symlink that leads nowhere
   */
  #directoryThere(path: Uint8Array, directory: number, isAbove: boolean, error: PathError): number {
    const call = new Call("mkdir", path);
    if (error.code !== "EEXIST") throw error;
    const inode = this.resolve(path, directory);
    if (inode < 0) throw call.error(errnoCode(inode));
    if (this.table.kindOf(inode) !== INODE_KIND.directory) throw call.error(isAbove ? "ENOTDIR" : "EEXIST");
    return inode;
  }

  /**
   * Adds a symlink, like `symlink`.
   * @param target any bytes except NUL, 1 to 4,095
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
   * Gives a file or symlink one more name, like `link`. A symlink is not followed.
   * @returns its inode
   * @throws PathError EPERM for a directory, EEXIST, and those of lookups; EW_PATHS_FULL
   */
  link(existing: Uint8Array, path: Uint8Array, directory = ROOT_INODE): number {
    const call = new Call("link", existing, path);
    const inode = this.resolve(existing, directory, false);
    if (inode < 0) throw call.error(errnoCode(inode));
    const last = this.#newName(call, path, directory, false);
    if (this.table.kindOf(inode) === INODE_KIND.directory) throw call.error("EPERM");
    this.assertRoom();
    this.insert(last.directory, path, last.begin, last.length, inode);
    return inode;
  }

  /** Removes the name of a file or symlink, like `unlink`. @throws PathError EISDIR, and those of lookups */
  unlink(path: Uint8Array, directory = ROOT_INODE): void {
    const call = new Call("unlink", path);
    const last = this.#parentOf(call, path, directory);
    if (last.type !== "name") throw call.error("EISDIR");
    const child = this.#childIn(call, path, last);
    if (child === 0) throw call.error("ENOENT");
    const isDirectory = (child & Table.KIND_MASK) === INODE_KIND.directory;
    if (isDirectory) throw call.error("EISDIR");
    if (last.hasTrailingSlash) throw call.error("ENOTDIR");
    this.removeEntry(last.directory, path, last.begin, last.length);
  }

  /**
   * Removes an empty directory, like `rmdir`.
   * @throws PathError ENOTEMPTY, ENOTDIR, EBUSY, EINVAL, and those of lookups
   */
  removeDirectory(path: Uint8Array, directory = ROOT_INODE): void {
    const call = new Call("rmdir", path);
    const last = this.#parentOf(call, path, directory);
    if (last.type === "dotdot") throw call.error("ENOTEMPTY");
    if (last.type === "dot") throw call.error("EINVAL");
    if (last.type === "root") throw call.error("EBUSY");
    const child = this.#childIn(call, path, last);
    if (child === 0) throw call.error("ENOENT");
    if ((child & Table.KIND_MASK) !== INODE_KIND.directory) throw call.error("ENOTDIR");
    if (this.entryCountOf(child >>> Table.KIND_BITS) > 0) throw call.error("ENOTEMPTY");
    this.removeEntry(last.directory, path, last.begin, last.length);
  }

  /**
   * Removes the target of a path: a symlink itself, or a directory that is empty or with `isRecursive`.
   * @throws PathError like `unlink` and `removeDirectory`
   */
  remove(path: Uint8Array, isRecursive = false, directory = ROOT_INODE): void {
    const inode = this.resolve(path, directory, false);
    if (inode < 0 || this.table.kindOf(inode) !== INODE_KIND.directory) return this.unlink(path, directory);
    if (isRecursive) {
      const last = this.#walker.resolveParent(path, directory);
      // rmdir refuses `a/.`, `..` and `/`. So check the type before anything is removed.
      if (typeof last === "object" && last.type === "name") this.empty(inode);
    }
    this.removeDirectory(path, directory);
  }

  /**
   * Moves the target of a path to another path in one step, like `rename`. An existing target is replaced.
   * @throws PathError EINVAL for a directory into itself, EISDIR, ENOTDIR, ENOTEMPTY, EBUSY, and those of lookups;
   * EW_PATHS_FULL
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
    if (isDirectory && this.isWithin(target.directory, inode)) throw call.error("EINVAL");

    const victim = replaced >>> Table.KIND_BITS;
    const isVictimDirectory = (replaced & Table.KIND_MASK) === INODE_KIND.directory;
    if (isVictimDirectory && this.isWithin(source.directory, victim)) throw call.error("ENOTEMPTY");
    if (victim === inode) return; // two names of the same file: nothing to do
    if (replaced !== 0) {
      if (isDirectory && !isVictimDirectory) throw call.error("ENOTDIR");
      if (!isDirectory && isVictimDirectory) throw call.error("EISDIR");
      if (isVictimDirectory && this.entryCountOf(victim) > 0) throw call.error("ENOTEMPTY");
    }
    this.insert(target.directory, to, target.begin, target.length, inode);
    if (isDirectory) this.table.setDirectory(inode, target.directory);
    this.removeEntry(source.directory, from, source.begin, source.length);
  }

  // Helpers

  #parentOf(call: Call, path: Uint8Array, directory: number): LastComponent {
    const last = this.#walker.resolveParent(path, directory);
    if (typeof last === "number") throw call.error(errnoCode(last));
    return last;
  }

  /** The child word of a last component, or 0. */
  #childIn(call: Call, path: Uint8Array, last: LastComponent): number {
    if (last.length > NAME_BYTES_MAX) throw call.error("ENAMETOOLONG");
    return this.table.find(last.directory, path, last.begin, last.length);
  }

  /** The last component of a path that must not exist yet (Linux: filename_create). */
  #newName(call: Call, path: Uint8Array, directory: number, isDirectory: boolean): LastComponent {
    const last = this.#parentOf(call, path, directory);
    if (last.type !== "name") throw call.error("EEXIST");
    if (this.#childIn(call, path, last) !== 0) throw call.error("EEXIST");
    if (last.hasTrailingSlash && !isDirectory) throw call.error("ENOENT");
    return last;
  }
}

/** A path without its last component and the slashes before it; undefined if nothing is left. */
function parentText(path: Uint8Array): Uint8Array | undefined {
  let end = path.length;
  while (end > 0 && path[end - 1] === SLASH) end--;
  while (end > 0 && path[end - 1] !== SLASH) end--;
  return end === 0 ? undefined : path.subarray(0, end);
}
