/**
 * Data about inodes that only the host needs: how many entries name an inode, what a directory contains, and which
 * numbers are free. No lookup reads it.
 *
 *   node i       links │ entries │ first child (a record) │ its own record      record r    next │ former sibling
 *
 * Invariants: the entries of a directory form a doubly linked list through the records of their names, the newest
 * first. The memory is reserved as a whole and committed by the system when it is written, so nothing is ever copied.
 * Everything here is derived from the table, and rebuilt when a table is loaded.
 */
import { EverwarpError } from "../../base/index.ts";
import { INODE_KIND, ROOT_INODE, type PathTable, Table, TableHeader } from "../table/index.ts";

const NODE_WORDS = 4;
const LINKS = 0;
const ENTRIES = 1;
const FIRST_CHILD = 2;
const OWN_RECORD = 3;

/** Counts and lists of entries by inode. */
export class NodeList {
  readonly #table: PathTable;
  readonly #nodes: Uint32Array;
  readonly #siblings: Uint32Array;
  readonly #free: number[] = [];

  /** @throws EW_OUT_OF_HOST_MEMORY */
  constructor(table: PathTable) {
    const { words } = table;
    this.#table = table;
    const vectors = (words[TableHeader.END_AT] - words[TableHeader.NAMES_AT]) / Table.VECTOR_WORDS;
    this.#nodes = reserveWords(table.maxInodes * NODE_WORDS);
    this.#siblings = reserveWords(vectors * 2);
    if (words[TableHeader.ENTRY_COUNT] > 0) this.#rebuild();
  }

  /** Takes a free inode number. */
  allocateInode(): number {
    return this.#free.pop() ?? Math.max(this.#table.words[TableHeader.INODE_COUNT], ROOT_INODE + 1);
  }

  /** Frees an inode. Its number will be reused. */
  freeInode(inode: number): void {
    this.#nodes.fill(0, inode * NODE_WORDS, (inode + 1) * NODE_WORDS);
    this.#free.push(inode);
  }

  /** Number of entries that name an inode. For a directory, this includes the directories in it. */
  links(inode: number): number {
    return this.#nodes[inode * NODE_WORDS + LINKS];
  }

  /** Number of entries in a directory. */
  entries(directory: number): number {
    return this.#nodes[directory * NODE_WORDS + ENTRIES];
  }

  /** The record of the newest entry that names an inode; 0 if none is known. */
  record(inode: number): number {
    return this.#nodes[inode * NODE_WORDS + OWN_RECORD];
  }

  /** The record of the newest entry of a directory; 0 if it is empty. */
  firstChild(directory: number): number {
    return this.#nodes[directory * NODE_WORDS + FIRST_CHILD];
  }

  /** The records of a directory's entries, the newest first. */
  *children(directory: number): Generator<number> {
    let record = this.#nodes[directory * NODE_WORDS + FIRST_CHILD];
    while (record !== 0) {
      yield record;
      record = this.#siblings[2 * record];
    }
  }

  /** Records a new entry. */
  add(directory: number, record: number, inode: number): void {
    const siblings = this.#siblings;
    const node = directory * NODE_WORDS;
    const first = this.#nodes[node + FIRST_CHILD];
    siblings[2 * record] = first;
    siblings[2 * record + 1] = 0;
    if (first !== 0) siblings[2 * first + 1] = record;
    this.#nodes[node + FIRST_CHILD] = record;
    this.#nodes[node + ENTRIES]++;
    if (this.#isDirectory(inode)) this.#nodes[node + LINKS]++;
    this.#link(inode, record);
  }

  /** Records the removal of an entry. */
  delete(directory: number, record: number, inode: number): void {
    const siblings = this.#siblings;
    const node = directory * NODE_WORDS;
    const next = siblings[2 * record];
    const former = siblings[2 * record + 1];
    if (former !== 0) siblings[2 * former] = next;
    else this.#nodes[node + FIRST_CHILD] = next;
    if (next !== 0) siblings[2 * next + 1] = former;
    this.#nodes[node + ENTRIES]--;
    if (this.#isDirectory(inode)) this.#nodes[node + LINKS]--;
    this.#unlink(inode, record);
  }

  /** Records that an entry names another inode now. Only a directory may replace a directory. */
  replace(record: number, former: number, inode: number): void {
    this.#unlink(former, record);
    this.#link(inode, record);
  }

  #isDirectory(inode: number): boolean {
    return this.#table.kindOf(inode) === INODE_KIND.directory;
  }

  #link(inode: number, record: number): void {
    this.#nodes[inode * NODE_WORDS + LINKS]++;
    this.#nodes[inode * NODE_WORDS + OWN_RECORD] = record;
  }

  #unlink(inode: number, record: number): void {
    const node = inode * NODE_WORDS;
    this.#nodes[node + LINKS]--;
    if (this.#nodes[node + OWN_RECORD] === record) this.#nodes[node + OWN_RECORD] = 0;
  }

  /** Rebuilds everything with one pass over the table's slots and one over its inodes. */
  #rebuild(): void {
    const { words } = this.#table;
    const names = words[TableHeader.NAMES_AT];
    const addBuckets = (begin: number, count: number): void => {
      for (let bucket = begin; bucket < begin + count * Table.BUCKET_WORDS; bucket += Table.BUCKET_WORDS)
        for (let slot = bucket; slot < bucket + Table.BUCKET_SLOTS; slot++) {
          const child = words[slot + Table.BUCKET_CHILD];
          if (child === 0) break;
          const record = words[slot + Table.BUCKET_RECORD];
          const directory = words[names + record * Table.VECTOR_WORDS + Table.RECORD_PARENT];
          this.add(directory, record, child >>> Table.KIND_BITS);
        }
    };
    addBuckets(words[TableHeader.BUCKETS_AT], words[TableHeader.BUCKET_COUNT]);
    addBuckets(words[TableHeader.OVERFLOW_AT], words[TableHeader.OVERFLOW_COUNT]);
    for (let inode = words[TableHeader.INODE_COUNT] - 1; inode > ROOT_INODE; inode--)
      if (this.#table.kindOf(inode) === INODE_KIND.none) this.#free.push(inode);
  }
}

function reserveWords(count: number): Uint32Array {
  try {
    return new Uint32Array(new SharedArrayBuffer(4 * count));
  } catch (cause) {
    throw new EverwarpError(
      "EW_OUT_OF_HOST_MEMORY",
      `${Math.ceil(count / 2 ** 18)} MiB for the inodes of a namespace cannot be reserved`,
      { remedy: "Give a smaller maxEntries.", cause },
    );
  }
}
