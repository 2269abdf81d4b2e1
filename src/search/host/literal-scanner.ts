/**
 * Finds literals in any bytes, at the speed of the SIMD scan kernel.
 *
 * Each thread has one scan memory:
 *
 *   ┌─────────┬───────────┬─────────┬───────────┬─────────────┬──────
 *   │ answers │ programs  │ copies  │ buffer    │ buffer …    │ grows
 *   └─────────┴───────────┴─────────┴───────────┴─────────────┴──────
 *              of scanners   of bytes  `allocateScanBuffer`: scanned in place
 *              used lately   that lie
 *                            elsewhere
 *
 * Invariants: every region is followed by `SCAN_SLACK_BYTES` in the same memory; a scanner's programs are valid while its
 * epoch is the memory's, and are written anew after that; regions are never given back, so callers keep and reuse their buffers.
 */
import { EverwarpError } from "../../base/errors.ts";
import type { Literal, LiteralScanner } from "../contracts.ts";
import { NOT_FOUND, PAGE_BYTES, SCAN_SLACK_BYTES, ScanKernel, reserveSharedMemory } from "./scan-kernel.ts";
import {
  PROGRAM_LITERAL_COUNT_MAX,
  SINGLES_MAX,
  scanProgramBytes,
  writeScanProgram,
} from "./scan-program.ts";

/** Long enough to be worth a call, short enough to stay in the second-level cache. */
const WINDOW_BYTES = 128 * 1024;
const COPY_FIRST_BYTES = 4 * 1024;
const PROGRAMS_BYTES = 64 * 1024;

const LINE_FEED = 10;

class ThreadMemory {
  readonly memory = reserveSharedMemory(16 * PAGE_BYTES);
  readonly kernel = new ScanKernel(this.memory);
  #usedBytes = 0;
  /** Every buffer object this memory has had: a shared memory that grows shows a new one, and the old stay valid. */
  readonly #buffers = new WeakSet<ArrayBufferLike>([this.memory.buffer]);
  bytes = new Uint8Array(this.memory.buffer);
  words = new Uint32Array(this.memory.buffer);
  readonly answers = this.allocate(8 * (1 + PROGRAM_LITERAL_COUNT_MAX));
  #programs = this.allocate(PROGRAMS_BYTES);
  #programsBytes = PROGRAMS_BYTES;
  #programsUsedBytes = 0;
  /** Counts how often the programs region was begun anew: programs of an earlier epoch are overwritten. */
  programsEpoch = 0;
  copies = this.allocate(2 * WINDOW_BYTES);
  copiesBytes = 2 * WINDOW_BYTES;

  holds(bytes: Uint8Array): boolean {
    return this.#buffers.has(bytes.buffer);
  }

  /** @returns the address of `sizeBytes` bytes */
  allocate(sizeBytes: number): number {
    const address = this.#usedBytes;
    const used = Math.ceil((address + sizeBytes + SCAN_SLACK_BYTES) / 64) * 64;
    const missing = used - this.bytes.length;
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / PAGE_BYTES));
      } catch (cause) {
        throw new EverwarpError(
          "EW_OUT_OF_HOST_MEMORY",
          `cannot reserve ${sizeBytes} bytes of scan memory after ${address}`,
          {
            remedy: "Reuse buffers; one thread has at most 4 GiB of them.",
            cause,
          },
        );
      }
      this.#buffers.add(this.memory.buffer);
      this.bytes = new Uint8Array(this.memory.buffer);
      this.words = new Uint32Array(this.memory.buffer);
    }
    this.#usedBytes = used;
    return address;
  }

  /** @returns the address of room for programs, until the epoch ends */
  allocatePrograms(sizeBytes: number): number {
    if (this.#programsUsedBytes + sizeBytes > this.#programsBytes) {
      this.programsEpoch++;
      this.#programsUsedBytes = 0;
      if (sizeBytes > this.#programsBytes) {
        this.#programs = this.allocate(sizeBytes);
        this.#programsBytes = sizeBytes;
      }
    }
    const address = this.#programs + this.#programsUsedBytes;
    this.#programsUsedBytes += sizeBytes;
    return address;
  }

  reserveCopies(sizeBytes: number): void {
    if (sizeBytes <= this.copiesBytes) return;
    this.copies = this.allocate(sizeBytes);
    this.copiesBytes = sizeBytes;
  }
}

let threadMemory: ThreadMemory | undefined;
const thread = (): ThreadMemory => (threadMemory ??= new ThreadMemory());

/**
 * Memory of this thread that scanners read in place: read files straight into it.
 * @param sizeBytes usable length; never given back, so keep it and use it again
 * @throws EW_OUT_OF_HOST_MEMORY
 */
export function allocateScanBuffer(sizeBytes: number): Uint8Array {
  const memory = thread();
  const address = memory.allocate(sizeBytes);
  return new Uint8Array(memory.memory.buffer, address, sizeBytes);
}

/** Runs `visit` over bytes[from, end) as ranges of scan memory, in order, until it answers something other than −1. */
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
  /** The epoch of the programs region that `addresses` belong to. */
  #epoch = -1;

  constructor(literals: readonly Literal[]) {
    const together = literals.length <= SINGLES_MAX ? 1 : PROGRAM_LITERAL_COUNT_MAX;
    for (let index = 0; index < literals.length; index += together) {
      this.#groups.push(literals.slice(index, index + together));
    }
    this.#longest = Math.max(...literals.map(({ bytes }) => bytes.length));
  }

  find(bytes: Uint8Array, from: number, end: number): number {
    const memory = thread();
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
    // Several programs look at one window after another, so that the bytes come from the cache.
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

/** Finds nothing: the scanner of no literals. */
const nothing: LiteralScanner = { find: () => -1 };

/**
 * Makes a scanner. It belongs to the thread that made it and costs nothing until its first `find`.
 * @param literals any number; an empty one is refused
 * @throws EW_BAD_ARGUMENT when a literal is empty or one that ignores case has an upper-case letter
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

/** How many line feeds are in bytes[from, end). */
export function countLineFeeds(bytes: Uint8Array, from: number, end: number): number {
  const memory = thread();
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
  return visitPieces(memory, bytes, from, end, 0, (address, until) => {
    const found = memory.kernel.findByte(byte, address, until);
    return found === NOT_FOUND ? -1 : found;
  });
}

/** Offset of the last `byte` in bytes[from, end), or −1. */
export function findLastByte(byte: number, bytes: Uint8Array, from: number, end: number): number {
  const memory = thread();
  if (!memory.holds(bytes)) {
    const found = end > from ? bytes.lastIndexOf(byte, end - 1) : -1;
    return found >= from ? found : -1;
  }
  const found = memory.kernel.findLastByte(byte, bytes.byteOffset + from, bytes.byteOffset + end);
  return found === NOT_FOUND ? -1 : found - bytes.byteOffset;
}
