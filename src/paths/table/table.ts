/**
 * The path table in host memory: the truth that every backend mirrors.
 *
 *     words (one flat space, reserved as a whole, touched as it fills)
 *     ┌ header ┬ inodes ─────▶ ┬ buckets ─────▶ ┬ overflow ─▶ ┬ names ─────▶ ┐      ─▶ grows within its region
 *
 * Invariants: every entry has its own record. Every written block is recorded until `takeEdits` returns it. A change
 * that finds no room throws before it writes anything. One thread writes. Others may read the same words while that
 * thread does not write.
 */
import { assert, EverwarpError, wholeNumber } from "../../base/index.ts";
import { type LinearMemory, WebAssemblyRuntime } from "../../threads/index.ts";
import { BucketChains } from "./bucket-chains.ts";
import { TableChanges } from "./changes.ts";
import { assertTable, type Refuse } from "./check.ts";
import { findEntry, findSlot, hashName } from "./hash.ts";
import type { TableEdits, TableImage, WordRange } from "./image.ts";
import { INODE_KIND, NAME_BYTES_MAX, PATH_BYTES_MAX } from "./linux.ts";
import { NameRecords } from "./name-records.ts";
import {
  assertHeader,
  BUCKETS_MIN,
  ENTRIES_MAX,
  entriesToHold,
  LOAD_SLOTS,
  recordVectors,
  regionAt,
  regionRoom,
  REGIONS,
  regionsFor,
  tableFull,
  targetVectors,
  usedWords,
} from "./shape.ts";
import { Table, TableHeader as H } from "./table.schema.ts";

const {
  BUCKET_WORDS,
  BUCKET_CHILD,
  BUCKET_RECORD,
  VECTOR_WORDS,
  RECORD_PARENT,
  RECORD_LENGTH,
  RECORD_NAME,
  TARGET_LENGTH,
  TARGET_BYTES,
  KIND_BITS,
  KIND_MASK,
} = Table;
const ENTRIES_DEFAULT = 2 ** 22;
const WASM_PAGE_WORDS = 2 ** 14;

/** Options of a table. */
export interface PathTableOptions {
  /** Maximum number of entries. Memory for them is reserved, and used as entries are added. Default: 4,194,304. */
  maxEntries?: number;
  /** Seed of the hash. Default: a random number. */
  hashSeed?: number;
  /** Bits of the hashes that are used. Tests use fewer, to force collisions. Default: all 32. */
  hashMask?: number;
  /** Words to reserve behind the table in the same memory, for worker threads. Default: 0. */
  scratchWords?: number;
}

/** How full a table is. */
export interface PathTableStats {
  readonly entryCount: number;
  readonly bucketCount: number;
  readonly overflowBucketCount: number;
  /** Used bytes, including names. */
  readonly usedBytes: number;
  /** Bytes of all names and targets themselves. */
  readonly nameBytes: number;
}

/** A table that is being restored. */
export interface RestoredTable {
  /** Memory for the contents of the used regions, without the header's, in the order of `regions()`. */
  readonly contents: readonly Uint8Array[];
  /**
   * Checks the contents. They are not among the edits: a mirror must first copy the whole table.
   * @throws the error of `refuse`
   */
  readonly accept: () => PathTable;
}

/** Inodes and entries in one flat space of words. */
export class PathTable implements TableImage {
  /** The reserved memory. It is shared, so that threads and WebAssembly can read it. */
  readonly memory: LinearMemory;
  /**
   * Maximum number of entries. The tree enforces it. The table has room for that many names of about 30 bytes, and some
   * more.
   */
  readonly maxEntries: number;
  /** The flat space. It begins with the header. The scratch words begin at `words[HEADER.END_AT]`. */
  readonly words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #changes: TableChanges;
  readonly #chains: BucketChains;
  readonly #names: NameRecords;
  #nameBytes = 0;

  /**
   * Makes an empty table: no inode, no entry.
   * @param room number of entries to reserve memory for, if that is more than `maxEntries`
   * @throws EW_OUT_OF_HOST_MEMORY if that memory cannot be reserved, EW_BAD_ARGUMENT
   */
  constructor(options: PathTableOptions = {}, room = 0) {
    const { maxEntries = ENTRIES_DEFAULT, hashMask = 0xffff_ffff } = options;
    const hashSeed = options.hashSeed ?? Math.floor(Math.random() * 2 ** 32);
    this.maxEntries = wholeNumber("maxEntries", maxEntries, 1, ENTRIES_MAX);
    const regions = regionsFor(Math.max(maxEntries, room));
    this.memory = reserve(regions.end + (options.scratchWords ?? 0));
    this.words = new Uint32Array(this.memory.buffer);
    this.#bytes = new Uint8Array(this.words.buffer);
    this.#changes = new TableChanges(this.words, regions.end);
    this.#chains = new BucketChains(this.words, this.#changes);
    this.#names = new NameRecords(this.words, this.#changes);
    const { words } = this;
    words[H.MAGIC] = Table.MAGIC;
    words[H.VERSION] = Table.VERSION;
    words[H.HASH_SEED] = hashSeed;
    words[H.HASH_MASK] = hashMask;
    words[H.BUCKET_COUNT] = BUCKETS_MIN;
    words[H.BUCKET_MASK] = BUCKETS_MIN - 1;
    words[H.INODES_AT] = regions.inodes;
    words[H.BUCKETS_AT] = regions.buckets;
    words[H.OVERFLOW_AT] = regions.overflow;
    words[H.NAMES_AT] = regions.names;
    words[H.END_AT] = regions.end;
    words[H.INODE_COUNT] = 1;
    words[H.NAME_VECTORS] = 1;
    words[H.LOAD_SLOTS] = LOAD_SLOTS;
  }

  /** The table can hold inodes below this number. */
  get maxInodes(): number {
    return Math.min(this.words[H.BUCKETS_AT] - this.words[H.INODES_AT], 2 ** 30);
  }

  /** How full the table is. */
  stats(): PathTableStats {
    const { words } = this;
    let usedBytes = 0;
    for (const region of REGIONS) usedBytes += usedWords(words, region) * 4;
    return {
      entryCount: words[H.ENTRY_COUNT],
      bucketCount: words[H.BUCKET_COUNT],
      overflowBucketCount: words[H.OVERFLOW_COUNT],
      usedBytes,
      nameBytes: this.#nameBytes,
    };
  }

  /** See `TableImage.regions`. */
  regions(): WordRange[] {
    const regions: WordRange[] = [];
    for (const region of REGIONS) {
      const begin = regionAt(this.words, region);
      const count = usedWords(this.words, region);
      if (count > 0) regions.push({ begin, end: begin + count });
    }
    return regions;
  }

  /** Child word (inode × 4 + kind) of the entry bytes[at … at + length) in a directory; 0 if there is none. */
  find(parent: number, bytes: Uint8Array, at = 0, length: number = bytes.length): number {
    return findEntry(this.words, parent, bytes, at, length);
  }

  /** The kind of an inode (`INODE_KIND`); `none` for one that was never set. */
  kindOf(inode: number): number {
    return this.#inodeWord(inode) & KIND_MASK;
  }

  /** The directory that `..` of a directory names. */
  parentOf(inode: number): number {
    return this.#inodeWord(inode) >>> KIND_BITS;
  }

  /** A copy of the bytes of a symlink's target. */
  targetOf(inode: number): Uint8Array {
    const at = this.#names.at(this.#inodeWord(inode) >>> KIND_BITS);
    const begin = (at + TARGET_BYTES) * 4;
    return this.#bytes.slice(begin, begin + this.words[at + TARGET_LENGTH]);
  }

  /** Makes an inode a file, whatever it was before. @throws EW_PATHS_FULL */
  setFile(inode: number): void {
    this.#setInode(inode, INODE_KIND.file);
  }

  /** Makes an inode a directory whose `..` is `parent`. @throws EW_PATHS_FULL */
  setDirectory(inode: number, parent: number): void {
    this.#setInode(inode, ((parent << KIND_BITS) | INODE_KIND.directory) >>> 0);
  }

  /** Makes an inode a symlink. @param target 1 to 4,095 bytes @throws EW_PATHS_FULL, EW_BAD_ARGUMENT */
  setSymlink(inode: number, target: Uint8Array): void {
    if (target.length < 1 || target.length > PATH_BYTES_MAX) throw badLength("target", target.length);
    this.#assertInode(inode);
    const vectors = targetVectors(target.length);
    const vector = this.#names.allocate(vectors);
    const at = this.#names.at(vector);
    this.words[at + TARGET_LENGTH] = target.length;
    this.#names.write(at + TARGET_BYTES, target, 0, target.length, vectors * 4 - 1);
    this.#changes.touch(at, vectors * VECTOR_WORDS);
    this.#setInode(inode, ((vector << KIND_BITS) | INODE_KIND.symlink) >>> 0);
    this.#nameBytes += target.length;
  }

  /** Frees an inode. */
  clearInode(inode: number): void {
    if (this.kindOf(inode) !== INODE_KIND.none) this.#setInode(inode, 0);
  }

  /**
   * Adds an entry, or lets the existing entry of this name refer to another inode.
   * @param bytes the name is bytes[at … at + length): 1 to 255 bytes
   * @throws EW_PATHS_FULL, EW_BAD_ARGUMENT
   */
  link(
    parent: number,
    inode: number,
    kind: number,
    bytes: Uint8Array,
    at = 0,
    length: number = bytes.length,
  ): void {
    if (length < 1 || length > NAME_BYTES_MAX) throw badLength("name", length);
    const { words } = this;
    const child = ((inode << KIND_BITS) | kind) >>> 0;
    const present = findSlot(words, parent, bytes, at, length);
    if (present >= 0) {
      words[present + BUCKET_CHILD] = child;
      this.#changes.touch(present & ~(BUCKET_WORDS - 1), BUCKET_WORDS);
      return;
    }
    this.#chains.assertRoom();
    const vectors = recordVectors(length);
    const vector = this.#names.allocate(vectors);
    const record = this.#names.at(vector);
    words[record + RECORD_PARENT] = parent;
    words[record + RECORD_LENGTH] = length;
    this.#names.write(record + RECORD_NAME, bytes, at, length, vectors * VECTOR_WORDS - 2);
    this.#changes.touch(record, vectors * VECTOR_WORDS);
    this.#chains.add(hashName(words[H.HASH_SEED], bytes, at, length), parent, child, vector);
    this.#nameBytes += length;
  }

  /** Removes the entry bytes[at … at + length). @returns false if there was none */
  unlink(parent: number, bytes: Uint8Array, at = 0, length: number = bytes.length): boolean {
    const { words } = this;
    const slot = findSlot(words, parent, bytes, at, length);
    if (slot < 0) return false;
    this.#names.release(words[slot + BUCKET_RECORD], recordVectors(length));
    this.#chains.delete(hashName(words[H.HASH_SEED], bytes, at, length), parent, slot);
    this.#nameBytes -= length;
    return true;
  }

  /** Whether `takeEdits` would return any change. */
  get hasEdits(): boolean {
    return this.#changes.hasEdits;
  }

  /** Everything that was written since the last call, or since the table was made, as ranges in memory order. */
  takeEdits(): TableEdits {
    return this.#changes.take();
  }

  /**
   * Reserves memory for a saved table. The caller must have checked that the saved regions have the sizes in the
   * header. This function only checks that the header is consistent.
   * @param header its words
   * @param refuse called with a description of the problem; must throw
   * @throws EW_BAD_ARGUMENT if `maxEntries` is below the entries of the table, EW_OUT_OF_HOST_MEMORY; the error of
   * `refuse`
   */
  static restore(
    header: Uint32Array,
    options: Pick<PathTableOptions, "maxEntries" | "scratchWords">,
    refuse: Refuse,
  ): RestoredTable {
    assertHeader(header, refuse);
    const entries = header[H.ENTRY_COUNT];
    const { maxEntries = Math.max(ENTRIES_DEFAULT, Math.min(2 * entries, ENTRIES_MAX)) } = options;
    if (maxEntries < entries) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        `maxEntries is ${maxEntries}, and ${entries} entries are there`,
        { remedy: `It must be at least ${entries}.` },
      );
    }
    const table = new PathTable(
      { ...options, maxEntries, hashSeed: header[H.HASH_SEED] },
      Math.max(maxEntries, entriesToHold(header)),
    );
    const { words } = table;
    for (let word = 0; word < H.WORDS; word++)
      if (word < H.INODES_AT || word > H.END_AT) words[word] = header[word];
    const contents = REGIONS.slice(1).map((region) => {
      assert(regionRoom(words, region) >= 0, `the ${region} of a table that is restored have room`);
      const begin = regionAt(words, region);
      return table.#bytes.subarray(begin * 4, (begin + usedWords(words, region)) * 4);
    });
    return {
      contents,
      accept: () => {
        table.#nameBytes = assertTable(words, refuse);
        return table;
      },
    };
  }

  #inodeWord(inode: number): number {
    return inode < this.words[H.INODE_COUNT] ? this.words[this.words[H.INODES_AT] + inode] : 0;
  }

  #assertInode(inode: number): void {
    if (inode >= 1 && inode < this.maxInodes) return;
    throw tableFull(`inode ${inode} is not below ${this.maxInodes}`);
  }

  #setInode(inode: number, word: number): void {
    this.#assertInode(inode);
    const { words } = this;
    const at = words[H.INODES_AT] + inode;
    const before = words[at];
    if (inode < words[H.INODE_COUNT] && (before & KIND_MASK) === INODE_KIND.symlink) {
      const vector = before >>> KIND_BITS;
      const length = words[this.#names.at(vector) + TARGET_LENGTH];
      this.#names.release(vector, targetVectors(length));
      this.#nameBytes -= length;
    }
    words[at] = word;
    if (inode >= words[H.INODE_COUNT]) words[H.INODE_COUNT] = inode + 1;
    this.#changes.touch(at, 1);
  }
}

/** Shared memory, filled with zeros. The system commits only touched pages. */
function reserve(words: number): LinearMemory {
  const pages = Math.ceil(words / WASM_PAGE_WORDS);
  try {
    return new WebAssemblyRuntime.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    throw new EverwarpError(
      "EW_OUT_OF_HOST_MEMORY",
      `${pages / 16} MiB for a path table cannot be reserved`,
      {
        remedy: "Give a smaller maxEntries, or raise the limit of the process's address space (ulimit -v).",
        cause: error,
      },
    );
  }
}

function badLength(what: string, length: number): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `a ${what} of ${length} bytes`, {
    remedy: `Names have 1 to ${NAME_BYTES_MAX} bytes, targets 1 to ${PATH_BYTES_MAX}.`,
  });
}
