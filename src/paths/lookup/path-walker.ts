/**
 * Resolves one path at a time in the table's words, as Linux does (fs/namei.c, `link_path_walk`).
 *
 *   "a/link/b"   a ─▶ link ─▶ its target "x/y", and the rest "/b" on the stack ─▶ x ─▶ y ─▶ b
 *
 * Invariants: a rest on the stack is never empty and begins with a slash. So the component before it must be a
 * directory; if that component is a symlink, it is followed. `..` goes to the parent of the reached directory, not back
 * in the text.
 */
import {
  ERRNO,
  INODE_KIND,
  NAME_BYTES_MAX,
  PATH_BYTES_MAX,
  ROOT_INODE,
  SYMLINKS_MAX,
  findEntry,
  Table,
  TableHeader,
} from "../table/index.ts";

const SLASH = 0x2f;
const DOT = 0x2e;

/** The last component of a path, and its directory: what a change works on. */
export interface LastComponent {
  /** The directory of the component. */
  directory: number;
  /** The kind of name; `root` for a path with only slashes. */
  type: "name" | "dot" | "dotdot" | "root";
  /** Offset of the component in the path. */
  begin: number;
  length: number;
  /** Whether slashes follow the component. */
  hasTrailingSlash: boolean;
}

/** Walks paths in the words of a table. */
export class PathWalker {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  /** The rests of the texts whose symlinks are being followed. */
  readonly #rests: { bytes: Uint8Array; at: number; end: number }[] = [];

  /** @param words all words of the table */
  constructor(words: Uint32Array) {
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
  }

  /**
   * Resolves bytes[begin … end).
   * @param directory the directory for relative paths
   * @returns the inode, or −errno
   */
  resolve(
    bytes: Uint8Array,
    begin: number,
    end: number,
    directory = ROOT_INODE,
    followSymlinks = true,
  ): number {
    const length = end - begin;
    if (length === 0) return -ERRNO.ENOENT;
    if (length > PATH_BYTES_MAX) return -ERRNO.ENAMETOOLONG;
    const result = this.#walk(bytes, begin, end, directory, followSymlinks, undefined);
    return result < 0 && hasNul(bytes, begin, end) ? -ERRNO.EINVAL : result;
  }

  /**
   * Resolves everything before the last component.
   * @returns the last component, or −errno
   */
  resolveParent(bytes: Uint8Array, directory = ROOT_INODE): LastComponent | number {
    if (bytes.length === 0) return -ERRNO.ENOENT;
    if (bytes.length > PATH_BYTES_MAX) return -ERRNO.ENAMETOOLONG;
    if (hasNul(bytes, 0, bytes.length)) return -ERRNO.EINVAL;
    const last: LastComponent = { directory, type: "root", begin: 0, length: 0, hasTrailingSlash: true };
    const result = this.#walk(bytes, 0, bytes.length, directory, false, last);
    if (result < 0) return result;
    last.directory = result;
    return last;
  }

  /** @param last if given, the walk stops before the last component and stores it here */
  #walk(
    bytes: Uint8Array,
    at: number,
    end: number,
    directory: number,
    followSymlinks: boolean,
    last: LastComponent | undefined,
  ): number {
    const rests = this.#rests;
    rests.length = 0;
    let links = 0;
    let current = bytes[at] === SLASH ? ROOT_INODE : this.#startIn(directory);
    if (current < 0) return current;
    for (;;) {
      // At the beginning of every round, `current` is a directory.
      while (at < end && bytes[at] === SLASH) at++;
      if (at === end) {
        const rest = rests.pop();
        if (rest === undefined) return current;
        ({ bytes, at, end } = rest);
        continue;
      }
      const begin = at;
      while (at < end && bytes[at] !== SLASH) at++;
      const length = at - begin;
      if (last !== undefined && rests.length === 0 && isLast(bytes, at, end)) {
        last.type = typeOf(bytes, begin, length);
        last.begin = begin;
        last.length = length;
        last.hasTrailingSlash = at < end;
        return current;
      }
      const type = typeOf(bytes, begin, length);
      if (type === "dot") continue;
      if (type === "dotdot") {
        current = this.#inodeWord(current) >>> Table.KIND_BITS;
        continue;
      }
      if (length > NAME_BYTES_MAX) return -ERRNO.ENAMETOOLONG;
      const child = findEntry(this.#words, current, bytes, begin, length);
      if (child === 0) return -ERRNO.ENOENT;
      const inode = child >>> Table.KIND_BITS;
      const kind = child & Table.KIND_MASK;
      const hasMore = at < end || rests.length > 0;
      if (kind === INODE_KIND.directory) {
        current = inode;
      } else if (kind === INODE_KIND.symlink && (hasMore || followSymlinks)) {
        if (++links > SYMLINKS_MAX) return -ERRNO.ELOOP;
        if (at < end) rests.push({ bytes, at, end });
        const record = this.#targetRecord(inode);
        bytes = this.#bytes;
        at = 4 * (record + Table.TARGET_BYTES);
        end = at + this.#words[record + Table.TARGET_LENGTH];
        if (bytes[at] === SLASH) current = ROOT_INODE;
      } else {
        return hasMore ? -ERRNO.ENOTDIR : inode;
      }
    }
  }

  /** @returns the directory for relative paths, or −errno */
  #startIn(directory: number): number {
    const kind = this.#kindOf(directory);
    if (kind === INODE_KIND.none) return -ERRNO.EBADF;
    return kind === INODE_KIND.directory ? directory : -ERRNO.ENOTDIR;
  }

  /** Word index of a symlink's target record. */
  #targetRecord(inode: number): number {
    const vector = this.#inodeWord(inode) >>> Table.KIND_BITS;
    return this.#words[TableHeader.NAMES_AT] + vector * Table.VECTOR_WORDS;
  }

  #inodeWord(inode: number): number {
    return this.#words[this.#words[TableHeader.INODES_AT] + inode];
  }

  #kindOf(inode: number): number {
    return inode > 0 && inode < this.#words[TableHeader.INODE_COUNT]
      ? this.#inodeWord(inode) & Table.KIND_MASK
      : INODE_KIND.none;
  }
}

function typeOf(bytes: Uint8Array, begin: number, length: number): "name" | "dot" | "dotdot" {
  if (bytes[begin] !== DOT) return "name";
  if (length === 1) return "dot";
  return length === 2 && bytes[begin + 1] === DOT ? "dotdot" : "name";
}

function isLast(bytes: Uint8Array, at: number, end: number): boolean {
  while (at < end && bytes[at] === SLASH) at++;
  return at === end;
}

function hasNul(bytes: Uint8Array, begin: number, end: number): boolean {
  return bytes.subarray(begin, end).includes(0);
}
