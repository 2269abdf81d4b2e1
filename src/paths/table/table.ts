/**
 * The path table in host memory: the truth that every backend mirrors.
 *
 *     words (one flat space, reserved whole, touched as it fills)
 *     ┌ header ┬ inodes ─────▶ ┬ buckets ─────▶ ┬ overflow ─▶ ┬ names ─────▶ ┐      ─▶ grows within its region
 *
 * Invariants: slots of a chain of buckets are filled from the first on, without gaps; an overflow bucket that is empty is on the free list; every entry has
 * a record of its own; whatever a change writes is noted, block by block, until `takeEdits` hands it out. A change that finds no room throws before it
 * writes anything.
 * No change moves more than one bucket (linear hashing), so none takes longer than a few microseconds, however large the table.
 * One thread writes. Others may read the same words while it does not.
 */
import { wholeNumber, assert, EverwarpError } from "../../base/index.ts";
import { type LinearMemory, WebAssemblyRuntime } from "../../threads/index.ts";
import { INODE_KIND, NAME_BYTES_MAX, PATH_BYTES_MAX } from "./linux.ts";
import type { TableEdits, TableImage, WordRange } from "./image.ts";
import { assertTable, type Refuse } from "./check.ts";
import { bucketHash, bucketOf, findEntry, findSlot, hashName, tagHash } from "./hash.ts";
import {
  assertHeader,
  BLOCK_WORDS,
  BUCKETS_MIN,
  CAPACITY_MAX,
  capacityToHold,
  LOAD_SLOTS,
  recordVectors,
  regionAt,
  regionEnd,
  REGIONS,
  type Region,
  regionsFor,
  targetVectors,
  usedWords,
} from "./shape.ts";
import { Table, TableHeader as H } from "./table.schema.ts";

const {
  GRANULE_WORDS,
  BUCKET_WORDS,
  BUCKET_SLOTS,
  BUCKET_CHILD,
  BUCKET_RECORD,
  BUCKET_NEXT,
  VECTOR_WORDS,
  RECORD_PARENT,
  RECORD_LENGTH,
  RECORD_NAME,
  TARGET_LENGTH,
  TARGET_BYTES,
  KIND_BITS,
  KIND_MASK,
} = Table;
const GRANULE_VECTORS = GRANULE_WORDS / VECTOR_WORDS;
const CAPACITY_DEFAULT = 2 ** 22;
const PAGE_WORDS = 2 ** 14;

export interface PathTableOptions {
  /** Entries that the table is for; 4 Mi if not given. Memory is reserved for as many, and used as they come. */
  capacity?: number;
  /** Start of the hash; a random number if not given. */
  hashSeed?: number;
  /** Bits of the hashes that count; for tests, which force collisions. */
  hashMask?: number;
  /** Words that are reserved behind the table, in the same memory, for whoever looks paths up from there. */
  scratchWords?: number;
}

/** How full a table is. */
export interface PathTableStats {
  readonly entryCount: number;
  readonly bucketCount: number;
  readonly overflowBucketCount: number;
  /** Bytes in use, names and all. */
  readonly usedBytes: number;
  /** Bytes of all names and targets themselves. */
  readonly nameBytes: number;
}

/** A table that is being restored. */
export interface RestoredTable {
  /** Where the contents of the regions go, all but the header's, in the order of `regions()`; one that is not in use has none. */
  readonly contents: readonly Uint8Array[];
  /** Looks at what was put there. It is not among the edits: whoever mirrors the table begins with all of it. @throws what `refuse` throws */
  readonly accept: () => PathTable;
}

export class PathTable implements TableImage {
  /** The reservation: shared, so threads and WebAssembly may look at it. */
  readonly memory: LinearMemory;
  /** Entries that it is for. Whoever adds entries keeps to it; the table has room for as many names of some thirty bytes, and some more. */
  readonly capacity: number;
  /** The flat space. Word 0 is the header's first; `words[HEADER.END_AT]` is where the scratch words begin. */
  readonly words: Uint32Array;
  readonly #bytes: Uint8Array;
  /** One bit a block. */
  readonly #dirty: Uint32Array;
  #dirtyBlocks: number[] = [];
  #nameBytes = 0;

  /**
   * Makes an empty table: no inode, no entry.
   * @param room entries that room is reserved for, where they are more than its capacity
   * @throws EW_OUT_OF_HOST_MEMORY where so much cannot be reserved, EW_BAD_ARGUMENT
   */
  constructor(options: PathTableOptions = {}, room = 0) {
    const { capacity = CAPACITY_DEFAULT, hashMask = 0xffff_ffff } = options;
    const hashSeed = options.hashSeed ?? Math.floor(Math.random() * 2 ** 32);
    this.capacity = wholeNumber("capacity", capacity, 1, CAPACITY_MAX);
    const regions = regionsFor(Math.max(capacity, room));
    this.memory = reserve(regions.end + (options.scratchWords ?? 0));
    this.words = new Uint32Array(this.memory.buffer);
    this.#bytes = new Uint8Array(this.words.buffer);
    this.#dirty = new Uint32Array(Math.ceil(regions.end / BLOCK_WORDS / 32));
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

  /** Inodes that the table can hold: those below this. */
  get inodeCapacity(): number {
    return Math.min(this.words[H.BUCKETS_AT] - this.words[H.INODES_AT], 2 ** 30);
  }

  get stats(): PathTableStats {
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

  regions(): WordRange[] {
    const regions: WordRange[] = [];
    for (const region of REGIONS) {
      const begin = regionAt(this.words, region);
      const count = usedWords(this.words, region);
      if (count > 0) regions.push({ begin, end: begin + count });
    }
    return regions;
  }

  /** Child word (inode × 4 + kind) of an entry, or 0 where there is none. */
  find(parent: number, bytes: Uint8Array, at = 0, length: number = bytes.length): number {
    return findEntry(this.words, parent, bytes, at, length);
  }

  /** What an inode is (INODE_KIND); none for one that was never set. */
  kindOf(inode: number): number {
    return this.#inodeWord(inode) & KIND_MASK;
  }

  /** The directory that `..` of a directory names. */
  parentOf(inode: number): number {
    return this.#inodeWord(inode) >>> KIND_BITS;
  }

  /** The bytes of a symlink's target: a copy. */
  targetOf(inode: number): Uint8Array {
    const at = this.words[H.NAMES_AT] + (this.#inodeWord(inode) >>> KIND_BITS) * VECTOR_WORDS;
    const begin = (at + TARGET_BYTES) * 4;
    return this.#bytes.slice(begin, begin + this.words[at + TARGET_LENGTH]);
  }

  /** Sets an inode: a file. What it was before is given up. @throws EW_PATHS_FULL */
  setFile(inode: number): void {
    this.#setInode(inode, INODE_KIND.file);
  }

  /** Sets an inode: a directory, and what its `..` is. @throws EW_PATHS_FULL */
  setDirectory(inode: number, parent: number): void {
    this.#setInode(inode, ((parent << KIND_BITS) | INODE_KIND.directory) >>> 0);
  }

  /** Sets an inode: a symlink of 1 to 4095 bytes. @throws EW_PATHS_FULL, EW_BAD_ARGUMENT */
  setSymlink(inode: number, target: Uint8Array): void {
    if (target.length < 1 || target.length > PATH_BYTES_MAX) throw badLength("target", target.length);
    this.#assertInode(inode);
    const vector = this.#allocate(targetVectors(target.length));
    const at = this.words[H.NAMES_AT] + vector * VECTOR_WORDS;
    this.words[at + TARGET_LENGTH] = target.length;
    this.#writeBytes(at + TARGET_BYTES, target, 0, target.length, targetVectors(target.length) * 4 - 1);
    this.#touch(at, targetVectors(target.length) * VECTOR_WORDS);
    this.#setInode(inode, ((vector << KIND_BITS) | INODE_KIND.symlink) >>> 0);
    this.#nameBytes += target.length;
  }

  /** Gives an inode up: it is none from now on. */
  clearInode(inode: number): void {
    if (this.kindOf(inode) !== INODE_KIND.none) this.#setInode(inode, 0);
  }

  /**
   * Adds an entry, or lets the one with this name stand for another inode.
   * @param name bytes[at … at + length): 1 to 255 bytes
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
      this.#touch(present & ~(BUCKET_WORDS - 1), BUCKET_WORDS);
      return;
    }
    this.#assertRoomForEntry();
    const vector = this.#allocate(recordVectors(length));
    const record = words[H.NAMES_AT] + vector * VECTOR_WORDS;
    words[record + RECORD_PARENT] = parent;
    words[record + RECORD_LENGTH] = length;
    this.#writeBytes(record + RECORD_NAME, bytes, at, length, recordVectors(length) * VECTOR_WORDS - 2);
    this.#touch(record, recordVectors(length) * VECTOR_WORDS);
    const hash = hashName(words[H.HASH_SEED], bytes, at, length);
    this.#insert(this.#bucketAt(hash, parent), this.#tag(hash, parent), child, vector);
    words[H.ENTRY_COUNT]++;
    this.#nameBytes += length;
    if (words[H.ENTRY_COUNT] * 256 > words[H.BUCKET_COUNT] * words[H.LOAD_SLOTS]) this.#split();
    this.#touch(0, BLOCK_WORDS);
  }

  /** Takes an entry away. @returns false where there was none */
  unlink(parent: number, bytes: Uint8Array, at = 0, length: number = bytes.length): boolean {
    const { words } = this;
    const slot = findSlot(words, parent, bytes, at, length);
    if (slot < 0) return false;
    this.#release(words[slot + BUCKET_RECORD], recordVectors(length));
    const hash = hashName(words[H.HASH_SEED], bytes, at, length);
    this.#take(this.#bucketAt(hash, parent), slot);
    words[H.ENTRY_COUNT]--;
    this.#nameBytes -= length;
    this.#touch(0, BLOCK_WORDS);
    return true;
  }

  /** Is there something that `takeEdits` would hand out? */
  get hasEdits(): boolean {
    return this.#dirtyBlocks.length > 0;
  }

  /** Everything that was written since the last call (or since the table was made), as ranges in the order of memory. */
  takeEdits(): TableEdits {
    this.#touch(0, H.WORDS);
    const blocks = Uint32Array.from(this.#dirtyBlocks).sort();
    this.#dirtyBlocks = [];
    const runs: number[] = [];
    let end = -1;
    for (const block of blocks) {
      this.#dirty[block >>> 5] = 0;
      const at = block * BLOCK_WORDS;
      if (at !== end) {
        if (end >= 0) runs.push(end);
        runs.push(at);
      }
      end = at + BLOCK_WORDS;
    }
    runs.push(end);
    return { runs: Uint32Array.from(runs) };
  }

  /**
   * Makes room for a table that was saved, as its regions were. What the header claims is compared with nothing but itself here: whoever calls has
   * seen that the regions are really as large.
   * @param header its words
   * @param refuse is called with what is wrong, and throws
   * @throws EW_BAD_ARGUMENT for a capacity below the entries that are in it, EW_OUT_OF_HOST_MEMORY; what `refuse` throws
   */
  static restore(
    header: Uint32Array,
    options: Pick<PathTableOptions, "capacity" | "scratchWords">,
    refuse: Refuse,
  ): RestoredTable {
    assertHeader(header, refuse);
    const entries = header[H.ENTRY_COUNT];
    const { capacity = Math.max(CAPACITY_DEFAULT, Math.min(2 * entries, CAPACITY_MAX)) } = options;
    if (capacity < entries) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        `capacity is ${capacity}, and ${entries} entries are there`,
        {
          remedy: `It must be at least ${entries}.`,
        },
      );
    }
    const table = new PathTable(
      { ...options, capacity, hashSeed: header[H.HASH_SEED] },
      Math.max(capacity, capacityToHold(header)),
    );
    const { words } = table;
    for (let word = 0; word < H.WORDS; word++)
      if (word < H.INODES_AT || word > H.END_AT) words[word] = header[word];
    const contents = REGIONS.slice(1).map((region) => {
      assert(table.#admissionOf(region) >= 0, `the ${region} of a table that is restored have room`);
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

  /** Words that a region can still grow by. */
  #admissionOf(region: Region): number {
    return regionEnd(this.words, region) - regionAt(this.words, region) - usedWords(this.words, region);
  }

  #inodeWord(inode: number): number {
    return inode < this.words[H.INODE_COUNT] ? this.words[this.words[H.INODES_AT] + inode] : 0;
  }

  #assertInode(inode: number): void {
    if (inode >= 1 && inode < this.inodeCapacity) return;
    throw full(`inode ${inode} is not below ${this.inodeCapacity}`);
  }

  #setInode(inode: number, word: number): void {
    this.#assertInode(inode);
    const { words } = this;
    const at = words[H.INODES_AT] + inode;
    const before = words[at];
    if (inode < words[H.INODE_COUNT] && (before & KIND_MASK) === INODE_KIND.symlink) {
      const vector = before >>> KIND_BITS;
      const length = words[words[H.NAMES_AT] + vector * VECTOR_WORDS + TARGET_LENGTH];
      this.#release(vector, targetVectors(length));
      this.#nameBytes -= length;
    }
    words[at] = word;
    if (inode >= words[H.INODE_COUNT]) words[H.INODE_COUNT] = inode + 1;
    this.#touch(at, 1);
  }

  #tag(nameHash: number, parent: number): number {
    return (tagHash(nameHash, parent) & this.words[H.HASH_MASK]) >>> 0;
  }

  /** Word where the first bucket of an entry's chain begins. */
  #bucketAt(nameHash: number, parent: number): number {
    const hash = bucketHash(nameHash, parent) & this.words[H.HASH_MASK];
    return this.words[H.BUCKETS_AT] + bucketOf(this.words, hash) * BUCKET_WORDS;
  }

  /** Puts an entry into the first empty slot of a chain, which grows where there is none. */
  #insert(bucket: number, tag: number, child: number, record: number): void {
    const { words } = this;
    for (let at = bucket; ;) {
      for (let slot = at; slot < at + BUCKET_SLOTS; slot++) {
        if (words[slot + BUCKET_CHILD] !== 0) continue;
        words[slot] = tag;
        words[slot + BUCKET_CHILD] = child;
        words[slot + BUCKET_RECORD] = record;
        this.#touch(at, BUCKET_WORDS);
        return;
      }
      if (words[at + BUCKET_NEXT] === 0) {
        words[at + BUCKET_NEXT] = this.#allocateOverflow();
        this.#touch(at, BUCKET_WORDS);
      }
      at = words[H.OVERFLOW_AT] + (words[at + BUCKET_NEXT] - 1) * BUCKET_WORDS;
    }
  }

  /** Empties a slot of a chain: the chain's last entry takes its place, and an overflow bucket that is then empty is given back. */
  #take(bucket: number, slot: number): void {
    const { words } = this;
    let before = -1;
    let at = bucket;
    while (words[at + BUCKET_NEXT] !== 0) {
      before = at;
      at = words[H.OVERFLOW_AT] + (words[at + BUCKET_NEXT] - 1) * BUCKET_WORDS;
    }
    let last = at + BUCKET_SLOTS - 1;
    while (words[last + BUCKET_CHILD] === 0) last--;
    for (const part of [0, BUCKET_CHILD, BUCKET_RECORD]) {
      words[slot + part] = words[last + part];
      words[last + part] = 0;
    }
    this.#touch(slot & ~(BUCKET_WORDS - 1), BUCKET_WORDS);
    this.#touch(at, BUCKET_WORDS);
    if (last !== at || before < 0) return;
    this.#releaseOverflow(words[before + BUCKET_NEXT]);
    words[before + BUCKET_NEXT] = 0;
    this.#touch(before, BUCKET_WORDS);
  }

  /** Adds one bucket: entries of its partner that belong there move. */
  #split(): void {
    const { words } = this;
    const count = words[H.BUCKET_COUNT];
    if (this.#admissionOf("buckets") < BUCKET_WORDS) return; // chains grow instead
    if (count > words[H.BUCKET_MASK]) words[H.BUCKET_MASK] = words[H.BUCKET_MASK] * 2 + 1;
    const partner = (count & (words[H.BUCKET_MASK] >>> 1)) >>> 0;
    const from = words[H.BUCKETS_AT] + partner * BUCKET_WORDS;
    words[H.BUCKET_COUNT] = count + 1;
    const entries: number[] = [];
    for (let at = from; ;) {
      for (let slot = at; slot < at + BUCKET_SLOTS && words[slot + BUCKET_CHILD] !== 0; slot++)
        entries.push(words[slot], words[slot + BUCKET_CHILD], words[slot + BUCKET_RECORD]);
      const next = words[at + BUCKET_NEXT];
      words.fill(0, at, at + BUCKET_WORDS);
      this.#touch(at, BUCKET_WORDS);
      if (at !== from) this.#releaseOverflow((at - words[H.OVERFLOW_AT]) / BUCKET_WORDS + 1);
      if (next === 0) break;
      at = words[H.OVERFLOW_AT] + (next - 1) * BUCKET_WORDS;
    }
    const to = words[H.BUCKETS_AT] + count * BUCKET_WORDS;
    this.#touch(to, BUCKET_WORDS);
    for (let index = 0; index < entries.length; index += 3) {
      const record = words[H.NAMES_AT] + entries[index + 2] * VECTOR_WORDS;
      const name = (record + RECORD_NAME) * 4;
      const hash = hashName(words[H.HASH_SEED], this.#bytes, name, words[record + RECORD_LENGTH]);
      const bucket = this.#bucketAt(hash, words[record + RECORD_PARENT]);
      this.#insert(bucket, entries[index], entries[index + 1], entries[index + 2]);
    }
  }

  /** Number of an empty overflow bucket, from 1. */
  #allocateOverflow(): number {
    const { words } = this;
    const free = words[H.OVERFLOW_FREE];
    if (free !== 0) {
      const at = words[H.OVERFLOW_AT] + (free - 1) * BUCKET_WORDS;
      words[H.OVERFLOW_FREE] = words[at + BUCKET_NEXT];
      words[at + BUCKET_NEXT] = 0;
      return free;
    }
    return ++words[H.OVERFLOW_COUNT];
  }

  #releaseOverflow(number: number): void {
    const { words } = this;
    const at = words[H.OVERFLOW_AT] + (number - 1) * BUCKET_WORDS;
    words[at + BUCKET_NEXT] = words[H.OVERFLOW_FREE];
    words[H.OVERFLOW_FREE] = number;
    this.#touch(at, BUCKET_WORDS);
  }

  /** An entry takes one overflow bucket at most, and a split after it no more than it freed and one. */
  #assertRoomForEntry(): void {
    const { words } = this;
    if (
      words[H.OVERFLOW_FREE] !== 0 &&
      words[words[H.OVERFLOW_AT] + (words[H.OVERFLOW_FREE] - 1) * BUCKET_WORDS + BUCKET_NEXT] !== 0
    )
      return;
    if (this.#admissionOf("overflow") >= 2 * BUCKET_WORDS) return;
    throw full(`${words[H.ENTRY_COUNT]} entries take all of its buckets`);
  }

  /** Room for a record of so many vectors; its first one. */
  #allocate(vectors: number): number {
    const { words } = this;
    const head = H.FREE_LISTS + vectors;
    const free = words[head];
    if (free !== 0) {
      words[head] = words[words[H.NAMES_AT] + free * VECTOR_WORDS];
      words[H.FREE_VECTORS] -= vectors;
      return free;
    }
    let begin = words[H.NAME_VECTORS];
    const left = GRANULE_VECTORS - (begin % GRANULE_VECTORS);
    const isCrossing = left < vectors;
    if (isCrossing) begin += left;
    if (words[H.NAMES_AT] + (begin + vectors) * VECTOR_WORDS > words[H.END_AT]) {
      throw full(`${words[H.ENTRY_COUNT]} entries take all of its room for names`);
    }
    words[H.NAME_VECTORS] = begin + vectors;
    if (isCrossing) this.#release(begin - left, left);
    return begin;
  }

  #release(vector: number, vectors: number): void {
    const { words } = this;
    const at = words[H.NAMES_AT] + vector * VECTOR_WORDS;
    words[at] = words[H.FREE_LISTS + vectors];
    words[H.FREE_LISTS + vectors] = vector;
    words[H.FREE_VECTORS] += vectors;
    this.#touch(at, 1);
  }

  /** Writes bytes to words, with zeros up to `wordCount`. */
  #writeBytes(word: number, bytes: Uint8Array, at: number, length: number, wordCount: number): void {
    const to = word * 4;
    for (let index = 0; index < length; index++) this.#bytes[to + index] = bytes[at + index];
    this.#bytes.fill(0, to + length, to + wordCount * 4);
  }

  /** Notes that words were written. */
  #touch(at: number, count: number): void {
    this.words[H.CHANGES]++;
    const last = Math.floor((at + count - 1) / BLOCK_WORDS);
    for (let block = Math.floor(at / BLOCK_WORDS); block <= last; block++) {
      const bit = 1 << (block & 31);
      if ((this.#dirty[block >>> 5] & bit) !== 0) continue;
      this.#dirty[block >>> 5] |= bit;
      this.#dirtyBlocks.push(block);
    }
  }
}

/** Shared memory, all zeros, of which only what is touched takes room. */
function reserve(words: number): LinearMemory {
  const pages = Math.ceil(words / PAGE_WORDS);
  try {
    return new WebAssemblyRuntime.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    throw new EverwarpError(
      "EW_OUT_OF_HOST_MEMORY",
      `${pages / 16} MiB for a path table cannot be reserved`,
      {
        remedy: "Give a smaller capacity, or raise the limit of the process's address space (ulimit -v).",
        cause: error,
      },
    );
  }
}

function full(why: string): EverwarpError {
  return new EverwarpError("EW_PATHS_FULL", `the path table is full: ${why}`, {
    remedy: "Open the namespace with a larger capacity.",
  });
}

function badLength(what: string, length: number): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `a ${what} of ${length} bytes`, {
    remedy: `Names have 1 to ${NAME_BYTES_MAX} bytes, targets 1 to ${PATH_BYTES_MAX}.`,
  });
}
