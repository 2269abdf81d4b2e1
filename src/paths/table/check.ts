/**
 * Checks whether words from outside are a valid path table: everything that lookups and changes rely on later.
 *
 *     header    its numbers are consistent with each other and with the regions
 *     inodes    kinds and payloads; targets lie in the names region
 *     chains    every bucket once, slots without gaps, every entry where its hash leads, no name twice
 *     free      free buckets and free records once each, and nothing is left over
 *     tree      every inode has the entries that its kind requires, and every directory leads to the root
 *
 * The time is proportional to the size of the table, whatever its content: chains have a maximum length. Each number is
 * read once, and compared with its region before it is used as an address. The check needs one byte of memory per
 * vector, bucket and inode.
 */
import { INODE_KIND, NAME_BYTES_MAX, PATH_BYTES_MAX, ROOT_INODE } from "./linux.ts";
import { bucketHash, bucketOf, hashName, tagHash } from "./hash.ts";
import { recordVectors, targetVectors } from "./shape.ts";
import { Table, TableHeader as H } from "./table.schema.ts";

const {
  BUCKET_WORDS,
  BUCKET_SLOTS,
  BUCKET_CHILD,
  BUCKET_RECORD,
  BUCKET_NEXT,
  PAGE_WORDS,
  VECTOR_WORDS,
  RECORD_PARENT,
  RECORD_LENGTH,
  RECORD_NAME,
  TARGET_LENGTH,
  TARGET_BYTES,
  KIND_BITS,
  KIND_MASK,
  VECTORS_MAX,
} = Table;
const PAGE_VECTORS = PAGE_WORDS / VECTOR_WORDS;
/**
 * Maximum buckets of a chain. The hash seed is random, and 2.25 slots of a bucket are used on average. So a chain of 64
 * buckets is no accident.
 */
const CHAIN_BUCKETS_MAX = 64;
const DOT = 0x2e;
const DOT_DOT = 0x2e2e;
const SLASHES = 0x2f2f_2f2f;

/** Ends the check with a description of the problem. */
export type Refuse = (what: string) => never;

/**
 * Checks everything in a table except its header (`assertHeader`).
 *
 * @param words the flat space, with a checked header and regions that lie inside
 * @returns the total bytes of all names and targets
 * @throws the error of `refuse`
 */
export function assertTable(words: Uint32Array, refuse: Refuse): number {
  return new TableCheck(words, refuse).run();
}

class TableCheck {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #refuse: Refuse;
  /** By vector of the names region: 1 if a record, a target or a free record claims it. */
  readonly #claimed: Uint8Array;
  /** By number of the overflow bucket: 1 if a chain or the free list contains it. */
  readonly #visited: Uint8Array;
  /** By inode: 1 if an entry names it. */
  readonly #named: Uint8Array;
  readonly #inodeCount: number;
  #claimedVectors = 0;
  #nameBytes = 0;
  // The entries of the current chain.
  readonly #tags = new Uint32Array(CHAIN_BUCKETS_MAX * BUCKET_SLOTS);
  readonly #records = new Uint32Array(CHAIN_BUCKETS_MAX * BUCKET_SLOTS);

  constructor(words: Uint32Array, refuse: Refuse) {
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
    this.#refuse = refuse;
    this.#claimed = new Uint8Array(words[H.NAME_VECTORS]);
    this.#visited = new Uint8Array(words[H.OVERFLOW_COUNT] + 1);
    this.#inodeCount = words[H.INODE_COUNT];
    this.#named = new Uint8Array(this.#inodeCount);
  }

  run(): number {
    this.#checkInodes();
    this.#checkChains();
    this.#checkFreeBuckets();
    this.#checkFreeRecords();
    this.#checkTree();
    return this.#nameBytes;
  }

  #checkInodes(): void {
    const words = this.#words;
    const at = words[H.INODES_AT];
    const count = this.#inodeCount;
    if (words[at] !== 0) this.#refuse("inode 0 is in use");
    for (let inode = 1; inode < count; inode++) {
      const word = words[at + inode];
      const payload = word >>> KIND_BITS;
      switch (word & KIND_MASK) {
        case INODE_KIND.directory:
          if (!this.#isDirectory(payload))
            this.#refuse(`directory ${inode} lies in ${payload}, which is none`);
          break;
        case INODE_KIND.symlink:
          this.#checkTarget(inode, payload);
          break;
        default: // a file, or a free inode
          if (payload !== 0) this.#refuse(`inode ${inode} is ${word}`);
      }
    }
    if (words[at + ROOT_INODE] !== ((ROOT_INODE << KIND_BITS) | INODE_KIND.directory))
      this.#refuse("its root is no directory");
    this.#checkZeros(at + count, at + Math.ceil(count / BUCKET_WORDS) * BUCKET_WORDS, "inodes");
  }

  #checkTarget(inode: number, vector: number): void {
    const words = this.#words;
    const at = words[H.NAMES_AT] + vector * VECTOR_WORDS;
    this.#assertVector(vector, "target");
    const length = words[at + TARGET_LENGTH];
    if (length < 1 || length > PATH_BYTES_MAX)
      this.#refuse(`the target of symlink ${inode} has ${length} bytes`);
    const vectors = targetVectors(length);
    this.#claim(vector, vectors, "target");
    if (crossesPage(vector, vectors)) this.#refuse("a target crosses a page");
    const end = at + vectors * VECTOR_WORDS;
    if (!isText(words, at + TARGET_BYTES, length, end, false))
      this.#refuse(`the target of symlink ${inode} has zeros in it, or something behind it`);
    this.#nameBytes += length;
  }

  #checkChains(): void {
    const words = this.#words;
    const bucketCount = words[H.BUCKET_COUNT];
    const bucketsAt = words[H.BUCKETS_AT];
    const overflowAt = words[H.OVERFLOW_AT];
    const overflowCount = words[H.OVERFLOW_COUNT];
    const visited = this.#visited;
    let entryCount = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      let at = bucketsAt + bucket * BUCKET_WORDS;
      let inChain = 0;
      for (let round = 1; ; round++) {
        let slots = 0;
        while (slots < BUCKET_SLOTS && words[at + BUCKET_CHILD + slots] !== 0) {
          this.#checkEntry(bucket, at + slots, inChain++);
          slots++;
        }
        for (let slot = at + slots; slot < at + BUCKET_SLOTS; slot++)
          if ((words[slot] | words[slot + BUCKET_CHILD] | words[slot + BUCKET_RECORD]) !== 0)
            this.#refuse(`a slot of bucket ${bucket} is neither empty nor filled`);
        if (round > 1 && slots === 0) this.#refuse(`an overflow bucket of bucket ${bucket} is empty`);
        const next = words[at + BUCKET_NEXT];
        if (next === 0) break;
        if (slots < BUCKET_SLOTS) this.#refuse(`the chain of bucket ${bucket} has a gap`);
        if (next > overflowCount) this.#refuse(`bucket ${bucket} goes on in ${next} of ${overflowCount}`);
        if (visited[next] !== 0) this.#refuse(`overflow bucket ${next} has two places`);
        if (round === CHAIN_BUCKETS_MAX)
          this.#refuse(`the chain of bucket ${bucket} has more than ${CHAIN_BUCKETS_MAX} buckets`);
        visited[next] = 1;
        at = overflowAt + (next - 1) * BUCKET_WORDS;
      }
      entryCount += inChain;
    }
    if (entryCount !== words[H.ENTRY_COUNT])
      this.#refuse(`it has ${entryCount} entries, and says ${words[H.ENTRY_COUNT]}`);
  }

  /** @param slot the word of the slot's tag @param inChain number of earlier entries in the chain */
  #checkEntry(bucket: number, slot: number, inChain: number): void {
    const words = this.#words;
    const child = words[slot + BUCKET_CHILD];
    const inode = child >>> KIND_BITS;
    const kind = child & KIND_MASK;
    if (inode <= ROOT_INODE || inode >= this.#inodeCount)
      this.#refuse(`an entry names inode ${inode} of ${this.#inodeCount}`);
    const inodeWord = words[words[H.INODES_AT] + inode];
    if (kind === INODE_KIND.none || (inodeWord & KIND_MASK) !== kind)
      this.#refuse(`an entry says that inode ${inode} is of kind ${kind}`);

    const vector = words[slot + BUCKET_RECORD];
    this.#assertVector(vector, "record");
    const record = words[H.NAMES_AT] + vector * VECTOR_WORDS;
    const parent = words[record + RECORD_PARENT];
    const length = words[record + RECORD_LENGTH];
    if (!this.#isDirectory(parent)) this.#refuse(`an entry lies in ${parent}, which is no directory`);
    if (length < 1 || length > NAME_BYTES_MAX) this.#refuse(`a name has ${length} bytes`);
    const vectors = recordVectors(length);
    this.#claim(vector, vectors, "record");
    if (crossesPage(vector, vectors)) this.#refuse("a record crosses a page");
    const name = record + RECORD_NAME;
    if (!isText(words, name, length, record + vectors * VECTOR_WORDS, true) || isDots(words[name], length))
      this.#refuse(`a name in directory ${parent} is none`);
    this.#nameBytes += length;

    if (kind === INODE_KIND.directory) {
      if (inodeWord >>> KIND_BITS !== parent)
        this.#refuse(`directory ${inode} has an entry in ${parent}, and says ${inodeWord >>> KIND_BITS}`);
      if (this.#named[inode] !== 0) this.#refuse(`directory ${inode} has two entries`);
    }
    this.#named[inode] = 1;

    const hash = hashName(words[H.HASH_SEED], this.#bytes, name * 4, length);
    const tag = tagHash(hash, parent);
    if (tag !== words[slot] || bucketOf(words, bucketHash(hash, parent)) !== bucket)
      this.#refuse(`an entry of directory ${parent} is not where its hash leads`);
    for (let before = 0; before < inChain; before++)
      if (this.#tags[before] === tag && this.#isSameEntry(this.#records[before], record, vectors))
        this.#refuse(`directory ${parent} has a name twice`);
    this.#tags[inChain] = tag;
    this.#records[inChain] = record;
  }

  /** Compares parent, length and name: all words of the records. */
  #isSameEntry(one: number, other: number, vectors: number): boolean {
    const words = this.#words;
    for (let word = 0; word < vectors * VECTOR_WORDS; word++)
      if (words[one + word] !== words[other + word]) return false;
    return true;
  }

  #checkFreeBuckets(): void {
    const words = this.#words;
    const count = words[H.OVERFLOW_COUNT];
    for (let free = words[H.OVERFLOW_FREE]; free !== 0;) {
      if (free > count) this.#refuse(`overflow bucket ${free} of ${count} is free`);
      if (this.#visited[free] !== 0) this.#refuse(`overflow bucket ${free} is free, and in use`);
      this.#visited[free] = 1;
      const at = words[H.OVERFLOW_AT] + (free - 1) * BUCKET_WORDS;
      this.#checkZeros(at, at + BUCKET_NEXT, "free buckets");
      free = words[at + BUCKET_NEXT];
    }
    if (this.#visited.indexOf(0, 1) >= 0) this.#refuse("an overflow bucket is neither free nor in use");
  }

  #checkFreeRecords(): void {
    const words = this.#words;
    let freeVectors = 0;
    for (let vectors = 1; vectors <= VECTORS_MAX; vectors++)
      for (let free = words[H.FREE_LISTS + vectors]; free !== 0;) {
        this.#claim(free, vectors, "free record");
        if (crossesPage(free, vectors)) this.#refuse("a free record crosses a page");
        freeVectors += vectors;
        free = words[words[H.NAMES_AT] + free * VECTOR_WORDS];
      }
    if (freeVectors !== words[H.FREE_VECTORS])
      this.#refuse(`${freeVectors} vectors of names are free, and it says ${words[H.FREE_VECTORS]}`);
    const total = words[H.NAME_VECTORS];
    if (this.#claimedVectors !== total - 1)
      this.#refuse(`${this.#claimedVectors} of ${total - 1} vectors of names are free or in use`);
    const end = words[H.NAMES_AT] + total * VECTOR_WORDS;
    this.#checkZeros(end, Math.ceil(end / BUCKET_WORDS) * BUCKET_WORDS, "names");
  }

  #checkTree(): void {
    const words = this.#words;
    const inodesAt = words[H.INODES_AT];
    const count = this.#inodeCount;
    const named = this.#named;
    if (named[ROOT_INODE] !== 0) this.#refuse("an entry names the root");
    for (let inode = ROOT_INODE + 1; inode < count; inode++)
      if (named[inode] === 0 && (words[inodesAt + inode] & KIND_MASK) !== INODE_KIND.none)
        this.#refuse(`no entry names inode ${inode}`);
    // Each directory has one parent. They form a tree if all of them lead to the root. Mark 2: leads to the root. Mark
    // 3: on the current way up.
    named[ROOT_INODE] = 2;
    for (let inode = ROOT_INODE + 1; inode < count; inode++) {
      if ((words[inodesAt + inode] & KIND_MASK) !== INODE_KIND.directory) continue;
      let at = inode;
      for (; named[at] === 1; at = words[inodesAt + at] >>> KIND_BITS) named[at] = 3;
      if (named[at] === 3) this.#refuse(`directory ${at} lies in itself`);
      for (at = inode; named[at] === 3; at = words[inodesAt + at] >>> KIND_BITS) named[at] = 2;
    }
  }

  #isDirectory(inode: number): boolean {
    if (inode === 0 || inode >= this.#inodeCount) return false;
    return (this.#words[this.#words[H.INODES_AT] + inode] & KIND_MASK) === INODE_KIND.directory;
  }

  #assertVector(vector: number, what: string): void {
    const count = this.#claimed.length;
    if (vector === 0 || vector >= count)
      this.#refuse(`a ${what} lies at vector ${vector} of ${count} of the names`);
  }

  /** Claims vectors of the names region for one thing. No other thing may claim them. */
  #claim(vector: number, count: number, what: string): void {
    this.#assertVector(vector, what);
    this.#assertVector(vector + count - 1, what);
    const claimed = this.#claimed;
    const end = vector + count;
    for (let at = vector; at < end; at++) {
      if (claimed[at] !== 0)
        this.#refuse(`a ${what} lies at vector ${at} of the names, as something else does`);
      claimed[at] = 1;
    }
    this.#claimedVectors += count;
  }

  #checkZeros(begin: number, end: number, where: string): void {
    for (let word = begin; word < end; word++)
      if (this.#words[word] !== 0) this.#refuse(`there is something behind its ${where}`);
  }
}

function crossesPage(vector: number, vectors: number): boolean {
  return (vector % PAGE_VECTORS) + vectors > PAGE_VECTORS;
}

/**
 * Whether words are a text: `length` bytes without a NUL, and then zeros up to the word `end`.
 * @param isName if true, the text must not contain a slash either
 */
function isText(words: Uint32Array, at: number, length: number, end: number, isName: boolean): boolean {
  const last = at + (length >>> 2);
  const slashes = isName ? SLASHES : 0;
  for (; at < last; at++) {
    const word = words[at] | 0;
    if (hasZeroByte(word) || hasZeroByte(word ^ slashes)) return false;
  }
  const left = length & 3;
  if (left !== 0) {
    const above = -1 << (8 * left);
    const word = words[at++] | 0;
    if ((word & above) !== 0) return false;
    if (hasZeroByte(word | above) || hasZeroByte((word ^ slashes) | above)) return false;
  }
  for (; at < end; at++) if (words[at] !== 0) return false;
  return true;
}

/** Whether one of the four bytes is zero (Warren, Hacker's Delight, 6–1). */
function hasZeroByte(word: number): boolean {
  return ((word - 0x0101_0101) & ~word & 0x8080_8080) !== 0;
}

function isDots(firstWord: number, length: number): boolean {
  return (length === 1 && firstWord === DOT) || (length === 2 && firstWord === DOT_DOT);
}
