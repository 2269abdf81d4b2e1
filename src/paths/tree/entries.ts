/**
 * The entries of a namespace by inode: the table, and the host's data beside it, kept consistent.
 *
 * Invariants: the root is a directory and its own parent. An inode is freed when its last entry is removed. Callers
 * must check that a directory is one, and that a name is free where necessary; `tree.ts` implements the rules.
 */
import { assert, EverwarpError } from "../../base/index.ts";
import { findSlot, INODE_KIND, type PathTable, ROOT_INODE, Table, TableHeader } from "../table/index.ts";
import { NodeList } from "./node-list.ts";

/** The kinds of inodes. */
export type InodeKind = "file" | "directory" | "symlink";

/** Information about an inode. */
export interface InodeStat {
  readonly inode: number;
  readonly kind: InodeKind;
  /** Number of entries that name it. A directory has 2, plus one for each directory in it, as in most file systems. */
  readonly linkCount: number;
  /** Number of entries in it; 0 if it is no directory. */
  readonly entryCount: number;
  /** The directory that `..` names; only for directories. */
  readonly parent?: number;
  /** The target; only for symlinks. */
  readonly target?: Buffer;
}

/** An entry of a directory. */
export interface TreeEntry {
  readonly name: Buffer;
  readonly inode: number;
  readonly kind: InodeKind;
}

/** Entries of directories, and the inodes that they name. */
export class TreeEntries {
  /** The table that the entries are in. */
  readonly table: PathTable;
  /** The words of the table. */
  protected readonly words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #nodes: NodeList;

  /** @param table an empty table, which gets its root, or a table that a tree has made */
  constructor(table: PathTable) {
    this.table = table;
    this.words = table.words;
    this.#bytes = new Uint8Array(table.words.buffer);
    if (table.kindOf(ROOT_INODE) === INODE_KIND.none) table.setDirectory(ROOT_INODE, ROOT_INODE);
    this.#nodes = new NodeList(table);
  }

  /** Number of entries in all directories. */
  get entryCount(): number {
    return this.words[TableHeader.ENTRY_COUNT];
  }

  /** Adds a file under a free name: bytes[begin … begin + length). @throws EW_PATHS_FULL */
  addFileIn(directory: number, bytes: Uint8Array, begin = 0, length: number = bytes.length): number {
    const inode = this.#nodes.allocateInode();
    this.table.setFile(inode);
    return this.#insertNew(directory, bytes, begin, length, inode);
  }

  /** Adds a directory under a free name. @throws EW_PATHS_FULL */
  addDirectoryIn(directory: number, bytes: Uint8Array, begin = 0, length: number = bytes.length): number {
    const inode = this.#nodes.allocateInode();
    this.table.setDirectory(inode, directory);
    return this.#insertNew(directory, bytes, begin, length, inode);
  }

  /** Adds a symlink under a free name. @throws EW_PATHS_FULL */
  addSymlinkIn(
    directory: number,
    target: Uint8Array,
    bytes: Uint8Array,
    begin = 0,
    length: number = bytes.length,
  ): number {
    const inode = this.#nodes.allocateInode();
    try {
      this.table.setSymlink(inode, target);
    } catch (error) {
      this.#nodes.freeInode(inode);
      throw error;
    }
    return this.#insertNew(directory, bytes, begin, length, inode);
  }

  /** Gives a file or symlink one more name, which must be free. @throws EW_PATHS_FULL */
  linkIn(directory: number, inode: number, bytes: Uint8Array, begin = 0, length = bytes.length): void {
    this.assertRoom();
    this.insert(directory, bytes, begin, length, inode);
  }

  /** The inode of a name in a directory; 0 if there is none. */
  childOf(directory: number, bytes: Uint8Array, begin = 0, length: number = bytes.length): number {
    return this.table.find(directory, bytes, begin, length) >>> Table.KIND_BITS;
  }

  /** Information about an inode; undefined if there is none. */
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

  /** The entries of a directory, the newest first; empty if the inode is no directory. */
  *entries(directory: number): Generator<TreeEntry> {
    if (this.table.kindOf(directory) !== INODE_KIND.directory) return;
    for (const record of this.#nodes.children(directory)) {
      const child = this.words[this.#slotOf(record) + Table.BUCKET_CHILD];
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

  /**
   * A path to an inode; undefined if none is known. A directory has one path. For a file, the path ends with the last
   * name that the file was given, as long as it has that name.
   */
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

  /** Number of entries in one directory. */
  protected entryCountOf(directory: number): number {
    return this.#nodes.entries(directory);
  }

  #insertNew(directory: number, bytes: Uint8Array, begin: number, length: number, inode: number): number {
    try {
      this.assertRoom();
      this.insert(directory, bytes, begin, length, inode);
    } catch (error) {
      this.table.clearInode(inode);
      this.#nodes.freeInode(inode);
      throw error;
    }
    return inode;
  }

  /**
   * Enforces `maxEntries`. A rename needs no room, because it never increases the number of entries.
   * @throws EW_PATHS_FULL
   */
  protected assertRoom(): void {
    const { maxEntries } = this.table;
    if (this.entryCount < maxEntries) return;
    throw new EverwarpError("EW_PATHS_FULL", `the namespace is full: its maxEntries is ${maxEntries}`, {
      remedy: "Open or load it with a larger maxEntries.",
    });
  }

  /** Adds an entry, or lets the existing entry of this name refer to another inode. */
  protected insert(directory: number, bytes: Uint8Array, begin: number, length: number, inode: number): void {
    const former = this.table.find(directory, bytes, begin, length) >>> Table.KIND_BITS;
    this.table.link(directory, inode, this.table.kindOf(inode), bytes, begin, length);
    const slot = findSlot(this.words, directory, bytes, begin, length);
    const record = this.words[slot + Table.BUCKET_RECORD];
    if (former === 0) {
      this.#nodes.add(directory, record, inode);
    } else {
      this.#nodes.replace(record, former, inode);
      this.#freeUnnamed(former);
    }
  }

  /** Removes an entry that exists. Its inode is freed if no other entry names it. */
  protected removeEntry(directory: number, bytes: Uint8Array, begin: number, length: number): void {
    const slot = findSlot(this.words, directory, bytes, begin, length);
    assert(slot >= 0, "an entry that is removed is there");
    const inode = this.words[slot + Table.BUCKET_CHILD] >>> Table.KIND_BITS;
    this.#nodes.delete(directory, this.words[slot + Table.BUCKET_RECORD], inode);
    this.table.unlink(directory, bytes, begin, length);
    this.#freeUnnamed(inode);
  }

  #freeUnnamed(inode: number): void {
    if (this.#nodes.links(inode) > 0) return;
    this.table.clearInode(inode);
    this.#nodes.freeInode(inode);
  }

  /**
   * Removes everything below a directory, the deepest entries first. Works without recursion, so any depth is possible.
   */
  protected empty(directory: number): void {
    for (let at = directory; ;) {
      const record = this.#nodes.firstChild(at);
      if (record === 0) {
        if (at === directory) return;
        at = this.table.parentOf(at);
        continue;
      }
      const child = this.words[this.#slotOf(record) + Table.BUCKET_CHILD];
      const isDirectory = (child & Table.KIND_MASK) === INODE_KIND.directory;
      if (isDirectory && this.#nodes.entries(child >>> Table.KIND_BITS) > 0) {
        at = child >>> Table.KIND_BITS;
        continue;
      }
      const { begin, length } = this.#nameOf(record);
      this.removeEntry(at, this.#bytes.slice(begin, begin + length), 0, length);
    }
  }

  /** Whether a directory is `ancestor` itself or lies below it. */
  protected isWithin(directory: number, ancestor: number): boolean {
    for (let at = directory; ; at = this.table.parentOf(at)) {
      if (at === ancestor) return true;
      if (at === ROOT_INODE) return false;
    }
  }

  #slotOf(record: number): number {
    const { directory, begin, length } = this.#nameOf(record);
    return findSlot(this.words, directory, this.#bytes, begin, length);
  }

  /** Directory and name of a record. The name is part of the table's bytes. */
  #nameOf(record: number): { directory: number; begin: number; length: number } {
    const word = this.words[TableHeader.NAMES_AT] + record * Table.VECTOR_WORDS;
    return {
      directory: this.words[word + Table.RECORD_PARENT],
      begin: 4 * (word + Table.RECORD_NAME),
      length: this.words[word + Table.RECORD_LENGTH],
    };
  }
}

const KIND_NAMES: readonly (InodeKind | undefined)[] = [undefined, "file", "directory", "symlink"];
