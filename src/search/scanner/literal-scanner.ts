/**
 * Finds literals in any bytes, at the speed of the SIMD scan kernel.
 *
 * Each thread has one scan memory:
 *
 *   ┌─────────┬───────────┬─────────┬─────────────────
 *   │ answers │ programs  │ copies  │ reading buffer … grows
 *   └─────────┴───────────┴─────────┴─────────────────
 *              of scanners   of bytes  `scanBuffer`: scanned in place
 *              used lately   that lie
 *                            elsewhere
 *
 * Invariants:
 * - Every region is followed by `SCAN_SLACK_BYTES` in the same memory.
 * - A scanner's programs are valid while its epoch is the memory's. After that they are written again.
 * - A region that grows and cannot stay where it is gives its place back. So the memory is as large as what
 *   is in use, however many scanners and searchers a thread has had.
 *
 * Where the system has no address space for such a memory (`ulimit -v`), the search runs in JavaScript, more
 * slowly.
 */
import { EverwarpError } from "../../base/index.ts";
import type { Literal, LiteralScanner } from "../contracts.ts";
import { createFallbackScanner } from "./fallback-scanner.ts";
import { countTerminators } from "../content/index.ts";
import { NOT_FOUND, PAGE_BYTES, SCAN_SLACK_BYTES, ScanKernel, reserveSharedMemory } from "./scan-kernel.ts";
import {
  PROGRAM_LITERAL_COUNT_MAX,
  SINGLES_MAX,
  scanProgramBytes,
  writeScanProgram,
} from "./scan-program.ts";

/** Large enough to be worth a call, and small enough to stay in the second-level cache. */
const WINDOW_BYTES = 128 * 1024;
const COPY_FIRST_BYTES = 4 * 1024;
const PROGRAMS_BYTES = 64 * 1024;

const LINE_FEED = 10;

/** A part of the memory for one purpose. It can grow. */
interface Region {
  address: number;
  sizeBytes: number;
}

const NO_REGION: Region = { address: 0, sizeBytes: 0 };

class ThreadMemory {
  readonly memory = reserveSharedMemory(16 * PAGE_BYTES);
  readonly kernel = new ScanKernel(this.memory);
  #usedBytes = 0;
  /** Places that regions have left. */
  readonly #free: Region[] = [];
  /**
   * Every buffer object that this memory has had. When a shared memory grows, it has a new buffer object, and
   * the old ones stay valid.
   */
  readonly #buffers = new WeakSet<ArrayBufferLike>([this.memory.buffer]);
  bytes = new Uint8Array(this.memory.buffer);
  words = new Uint32Array(this.memory.buffer);
  readonly answers = this.#allocate(8 * (1 + PROGRAM_LITERAL_COUNT_MAX)).address;
  #programs = this.#allocate(PROGRAMS_BYTES);
  #programsUsedBytes = 0;
  /** Counts how often the programs region was emptied. Programs of an earlier epoch are overwritten. */
  programsEpoch = 0;
  #copies = this.#allocate(2 * WINDOW_BYTES);
  #reading = NO_REGION;

  holds(bytes: Uint8Array): boolean {
    return this.#buffers.has(bytes.buffer);
  }

  get copies(): number {
    return this.#copies.address;
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  #allocate(sizeBytes: number): Region {
    const wanted = spaced(sizeBytes);
    const index = this.#free.findIndex((place) => place.sizeBytes >= wanted);
    const place = this.#free[index];
    if (place !== undefined) {
      if (place.sizeBytes === wanted) this.#free.splice(index, 1);
      else this.#free[index] = { address: place.address + wanted, sizeBytes: place.sizeBytes - wanted };
      return { address: place.address, sizeBytes };
    }
    const address = this.#usedBytes;
    this.#use(address + wanted, sizeBytes);
    return { address, sizeBytes };
  }

  /**
   * Makes the region larger: in place if nothing lies behind it, else elsewhere. The first `keptBytes` of its
   * content are kept.
   */
  #grow(region: Region, sizeBytes: number, keptBytes = 0): Region {
    const { address } = region;
    if (region.sizeBytes > 0 && address + spaced(region.sizeBytes) === this.#usedBytes) {
      this.#use(address + spaced(sizeBytes), sizeBytes);
      return { address, sizeBytes };
    }
    const moved = this.#allocate(sizeBytes);
    if (keptBytes > 0) this.bytes.copyWithin(moved.address, address, address + keptBytes);
    if (region.sizeBytes > 0) this.#free.push({ address, sizeBytes: spaced(region.sizeBytes) });
    return moved;
  }

  #use(usedBytes: number, forBytes: number): void {
    const missing = usedBytes - this.bytes.length;
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / PAGE_BYTES));
      } catch (cause) {
        throw new EverwarpError(
          "EW_OUT_OF_HOST_MEMORY",
          `cannot reserve ${forBytes} bytes of scan memory after ${this.#usedBytes}`,
          { remedy: "Raise the limit of memory (ulimit -v); one thread has at most 4 GiB of it.", cause },
        );
      }
      this.#buffers.add(this.memory.buffer);
      this.bytes = new Uint8Array(this.memory.buffer);
      this.words = new Uint32Array(this.memory.buffer);
    }
    this.#usedBytes = usedBytes;
  }

  /** Reserves room for programs. It is valid until the epoch ends. @returns the address */
  allocatePrograms(sizeBytes: number): number {
    if (this.#programsUsedBytes + sizeBytes > this.#programs.sizeBytes) {
      this.programsEpoch++;
      this.#programsUsedBytes = 0;
      if (sizeBytes > this.#programs.sizeBytes) this.#programs = this.#grow(this.#programs, sizeBytes);
    }
    const address = this.#programs.address + this.#programsUsedBytes;
    this.#programsUsedBytes += sizeBytes;
    return address;
  }

  reserveCopies(sizeBytes: number): void {
    if (sizeBytes > this.#copies.sizeBytes) this.#copies = this.#grow(this.#copies, sizeBytes);
  }

  /** Reserves a region that its owner keeps. */
  own(sizeBytes: number): Uint8Array {
    const { address } = this.#allocate(sizeBytes); // before `buffer` is read: the memory may grow
    return new Uint8Array(this.memory.buffer, address, sizeBytes);
  }

  /** The reading buffer, with its content so far. */
  reading(sizeBytes: number): Uint8Array {
    const { sizeBytes: keptBytes } = this.#reading;
    if (sizeBytes > keptBytes) this.#reading = this.#grow(this.#reading, sizeBytes, keptBytes);
    return new Uint8Array(this.memory.buffer, this.#reading.address, sizeBytes);
  }
}

/** Size of a region with the slack that the kernel may read behind it. */
function spaced(sizeBytes: number): number {
  return Math.ceil((sizeBytes + SCAN_SLACK_BYTES) / 64) * 64;
}

let threadMemory: ThreadMemory | undefined;
/** The system had no address space for a scan memory, so everything runs without one. */
let isWithout = false;

/** This thread's memory, or undefined where the system has no room for it. */
function thread(): ThreadMemory | undefined {
  if (threadMemory !== undefined || isWithout) return threadMemory;
  try {
    threadMemory = new ThreadMemory();
  } catch (error) {
    if (!(error instanceof EverwarpError) || error.code !== "EW_OUT_OF_HOST_MEMORY") throw error;
    isWithout = true;
  }
  return threadMemory;
}

let plainBuffer: Uint8Array = new Uint8Array(0);

/**
 * This thread's reading buffer. Scanners read it in place.
 * All readers of this thread share it: its content is valid until somebody asks for the buffer again. A
 * larger buffer begins with the content of the smaller one.
 * @throws EW_OUT_OF_HOST_MEMORY
 */
export function scanBuffer(sizeBytes: number): Uint8Array {
  const memory = thread();
  if (memory !== undefined) return memory.reading(sizeBytes);
  if (plainBuffer.length < sizeBytes) {
    const larger = new Uint8Array(sizeBytes);
    larger.set(plainBuffer);
    plainBuffer = larger;
  }
  return plainBuffer.subarray(0, sizeBytes);
}

/**
 * Memory that scanners read in place, for one owner. The owner keeps it and uses it again: it is never freed.
 * @throws EW_OUT_OF_HOST_MEMORY
 */
export function allocateScanBuffer(sizeBytes: number): Uint8Array {
  const memory = thread();
  return memory === undefined ? new Uint8Array(sizeBytes) : memory.own(sizeBytes);
}

/** Size of this thread's scan memory in bytes, 0 where there is none. For tests. */
export function scanMemoryBytes(): number {
  return threadMemory?.sizeBytes ?? 0;
}

/**
 * Calls `visit` with bytes[from, end) as ranges of scan memory, in order, until it returns something other
 * than −1.
 */
function visitPieces(
  memory: ThreadMemory,
  bytes: Uint8Array,
  from: number,
  end: number,
  overlap: number,
  visit: (address: number, until: number) => number,
): number {
  if (memory.holds(bytes)) {
    const base = bytes.byteOffset;
    const found = visit(base + from, base + end);
    return found < 0 ? -1 : found - base;
  }
  memory.reserveCopies(2 * overlap + WINDOW_BYTES);
  let length = COPY_FIRST_BYTES;
  for (let at = from; at < end;) {
    const until = Math.min(end, at + length + overlap);
    memory.bytes.set(bytes.subarray(at, until), memory.copies);
    const found = visit(memory.copies, memory.copies + until - at);
    if (found >= 0) return found - memory.copies + at;
    if (until === end) break;
    at = until - overlap;
    length = Math.min(4 * length, WINDOW_BYTES);
  }
  return -1;
}

class SimdScanner implements LiteralScanner {
  readonly #groups: Literal[][] = [];
  readonly #longest: number;
  readonly #addresses: number[] = [];
  /** The epoch of the programs region in which `addresses` are valid. */
  #epoch = -1;
  readonly #literals: readonly Literal[];
  #fallback: LiteralScanner | undefined;

  constructor(literals: readonly Literal[]) {
    this.#literals = literals;
    const together = literals.length <= SINGLES_MAX ? 1 : PROGRAM_LITERAL_COUNT_MAX;
    for (let index = 0; index < literals.length; index += together) {
      this.#groups.push(literals.slice(index, index + together));
    }
    this.#longest = Math.max(...literals.map(({ bytes }) => bytes.length));
  }

  find(bytes: Uint8Array, from: number, end: number): number {
    const memory = thread();
    if (memory === undefined)
      return (this.#fallback ??= createFallbackScanner(this.#literals)).find(bytes, from, end);
    if (this.#epoch !== memory.programsEpoch) this.#writePrograms(memory);
    return visitPieces(memory, bytes, from, end, this.#longest - 1, (address, until) =>
      this.#findIn(memory, address, until),
    );
  }

  #writePrograms(memory: ThreadMemory): void {
    const sizes = this.#groups.map((group) => Math.ceil(scanProgramBytes(group) / 16) * 16);
    let address = memory.allocatePrograms(sizes.reduce((sum, size) => sum + size, 0));
    for (const [index, group] of this.#groups.entries()) {
      writeScanProgram(group, memory.bytes, address);
      this.#addresses[index] = address;
      address += sizes[index]!;
    }
    this.#epoch = memory.programsEpoch;
  }

  #findIn(memory: ThreadMemory, from: number, end: number): number {
    const { kernel, answers, words } = memory;
    const addresses = this.#addresses;
    if (addresses.length === 1) {
      return kernel.scan(addresses[0]!, from, end, answers, 1) === 0 ? -1 : words[answers >>> 2]!;
    }
    // Several programs scan one window after another, so that the bytes come from the cache.
    const reach = this.#longest - 1;
    for (let window = from; window < end; window += WINDOW_BYTES) {
      let best = Math.min(window + WINDOW_BYTES, end);
      let found = false;
      for (const address of addresses) {
        if (kernel.scan(address, window, Math.min(end, best + reach), answers, 1) === 0) continue;
        const position = words[answers >>> 2]!;
        if (position >= best) continue;
        best = position;
        found = true;
      }
      if (found) return best;
    }
    return -1;
  }
}

/** The scanner for an empty list of literals. It finds nothing. */
const nothing: LiteralScanner = { find: () => -1 };

/**
 * Makes a scanner. It belongs to the thread that made it, and it costs nothing until its first `find`.
 * @param literals any number of literals, none of them empty
 * @throws EW_BAD_ARGUMENT when a literal is empty, or when one that ignores case has an upper-case letter
 */
export function createLiteralScanner(literals: readonly Literal[]): LiteralScanner {
  for (const { bytes, ignoreAsciiCase } of literals) {
    if (bytes.length === 0) {
      throw new EverwarpError("EW_BAD_ARGUMENT", "an empty literal was given to the scanner", {
        remedy: "Give literals of at least one byte; an empty pattern matches every line and needs no scan.",
      });
    }
    if (ignoreAsciiCase && bytes.some((byte) => byte >= 0x41 && byte <= 0x5a)) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        `a literal that ignores case has an upper-case letter: ${Buffer.from(bytes).toString("latin1")}`,
        {
          remedy: "Give its ASCII letters in lower case.",
        },
      );
    }
  }
  return literals.length === 0 ? nothing : new SimdScanner(literals);
}

/** Number of line feeds in bytes[from, end). */
export function countLineFeeds(bytes: Uint8Array, from: number, end: number): number {
  const memory = thread();
  if (memory === undefined) return countTerminators(bytes, from, end, LINE_FEED);
  if (memory.holds(bytes))
    return memory.kernel.countByte(LINE_FEED, bytes.byteOffset + from, bytes.byteOffset + end);
  let count = 0;
  visitPieces(memory, bytes, from, end, 0, (address, until) => {
    count += memory.kernel.countByte(LINE_FEED, address, until);
    return -1;
  });
  return count;
}

/** Offset of the first `byte` in bytes[from, end), or −1. */
export function findByte(byte: number, bytes: Uint8Array, from: number, end: number): number {
  const memory = thread();
  if (memory === undefined) {
    const found = bytes.subarray(from, end).indexOf(byte);
    return found < 0 ? -1 : from + found;
  }
  return visitPieces(memory, bytes, from, end, 0, (address, until) => {
    const found = memory.kernel.findByte(byte, address, until);
    return found === NOT_FOUND ? -1 : found;
  });
}

/** Offset of the last `byte` in bytes[from, end), or −1. */
export function findLastByte(byte: number, bytes: Uint8Array, from: number, end: number): number {
  const memory = thread();
  if (memory === undefined || !memory.holds(bytes)) {
    const found = end > from ? bytes.lastIndexOf(byte, end - 1) : -1;
    return found >= from ? found : -1;
  }
  const found = memory.kernel.findLastByte(byte, bytes.byteOffset + from, bytes.byteOffset + end);
  return found === NOT_FOUND ? -1 : found - bytes.byteOffset;
}
