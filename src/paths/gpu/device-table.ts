/**
 * Where the pages of the path table lie in device memory, and the guesses.
 *
 *     page g of the flat space ──▶ directory[g] = address / 2¹⁶        (upload memory: the host adds, the kernel reads)
 *                                       │
 *     chunks of device memory           ▼
 *     ┌ the first table ┬ … ┬ what is needed, or a sixteenth of what there is ┐
 *
 * Invariants: a page that has a place keeps it; one has a place before anything is written to it. Guesses get larger memory with a write only, as then no lookup is
 * in flight, and the next one reads anew where they are. No memory is freed while the kernel lives.
 */
import { EverwarpError } from "../../base/index.ts";
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";
import { PathRequest, Table, TableHeader } from "../table/index.ts";
import { guessCountFor } from "./lookup-shape.ts";

const PAGE_BYTES = Table.PAGE_WORDS * 4;
const ALIGNMENT_BYTES = 2n ** BigInt(PathRequest.PAGE_ADDRESS_BITS);
const ADDRESS_MAX = 2n ** BigInt(32 + PathRequest.PAGE_ADDRESS_BITS);
/** A further chunk is this part of those so far, or more where more is needed at once. */
const GROWTH = 16;

export class DeviceTable implements Disposable {
  /** The pages' addresses, for the kernel. */
  readonly directory: DeviceBuffer;
  /** Pages that the kernel must know: the highest that has a place, plus one. */
  pageCount = 0;
  /** Directories that the kernel remembers, at most. */
  guessCount = 0;
  readonly #device: Device;
  readonly #words: Uint32Array;
  /** The table in host memory. */
  readonly #image: Uint32Array;
  /** Guesses are so many, however many entries there are. */
  #fixedGuessCount: number | undefined;
  /** Directories by the hash of their paths, as the kernel last saw them: a word each, that may be wrong. The last is in use. */
  readonly #guesses: DeviceBuffer[] = [];
  readonly #chunks: DeviceBuffer[] = [];
  /** Addresses that are free in the newest chunk. */
  #next = 0n;
  #left = 0;
  #pagesTaken = 0;

  /** @param guessCount a power of two; as many as go with the entries of the image, if not given */
  constructor(device: Device, image: Uint32Array, guessCount?: number) {
    this.#device = device;
    this.#image = image;
    this.#fixedGuessCount = guessCount;
    this.directory = device.createBuffer({
      role: "upload",
      sizeBytes: (PathRequest.GUESS_MASK + 1) * 4,
      label: "path table directory",
    });
    this.#words = new Uint32Array(this.directory.host).fill(0);
    this.#growGuesses();
  }

  /** Device memory that the table takes. */
  get allocatedBytes(): number {
    const buffers = [this.directory, ...this.#guesses, ...this.#chunks];
    return buffers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /**
   * Finds places for the pages of ranges of words that have none; for a write that is about to be sent.
   * @throws EW_OUT_OF_DEVICE_MEMORY, EW_PATHS_FULL
   */
  cover(ranges: readonly { readonly begin: number; readonly end: number }[]): void {
    this.#growGuesses();
    const missing = new Set<number>();
    for (const { begin, end } of ranges) {
      for (let page = begin >>> Table.PAGE_BITS; page <= (end - 1) >>> Table.PAGE_BITS; page++)
        if (page >= PathRequest.PAGES_MAX || this.#words[page] === 0) missing.add(page);
    }
    for (const page of missing) {
      if (page >= PathRequest.PAGES_MAX) throw tooLarge();
      if (this.#left === 0) this.#addChunk(missing.size);
      this.#words[page] = Number(this.#next / ALIGNMENT_BYTES);
      this.#next += BigInt(PAGE_BYTES);
      this.#left--;
      this.#pagesTaken++;
      this.pageCount = Math.max(this.pageCount, page + 1);
      missing.delete(page);
    }
  }

  [Symbol.dispose](): void {
    for (const chunk of this.#chunks.splice(0).toReversed()) chunk[Symbol.dispose]();
    for (const guesses of this.#guesses.splice(0)) guesses[Symbol.dispose]();
    this.directory[Symbol.dispose]();
  }

  /** Sees to it that guesses are as many as are worth it; what was remembered is forgotten. Where there is no memory for that, they stay as they are. */
  #growGuesses(): void {
    const count = this.#fixedGuessCount ?? guessCountFor(this.#image[TableHeader.ENTRY_COUNT]);
    if (count <= this.guessCount) return;
    let guesses: DeviceBuffer;
    try {
      guesses = this.#device.createBuffer({ role: "device", sizeBytes: count * 4, label: "guesses" });
    } catch (error) {
      if (this.guessCount === 0 || !(error instanceof EverwarpError)) throw error;
      if (error.code !== "EW_OUT_OF_DEVICE_MEMORY") throw error;
      this.#fixedGuessCount = this.guessCount;
      return;
    }
    this.#guesses.push(guesses);
    this.guessCount = count;
    this.#words[PathRequest.GUESSES_ADDRESS] = Number(guesses.address & 0xffff_ffffn);
    this.#words[PathRequest.GUESSES_ADDRESS + 1] = Number(guesses.address >> 32n);
    this.#words[PathRequest.GUESS_MASK] = count - 1;
  }

  #addChunk(needed: number): void {
    const pages = Math.max(needed, Math.ceil(this.#pagesTaken / GROWTH));
    // Pages begin where their addresses fit a word, wherever the driver puts a buffer.
    const chunk = this.#device.createBuffer({
      role: "device",
      sizeBytes: pages * PAGE_BYTES + Number(ALIGNMENT_BYTES),
      label: "path table",
    });
    this.#chunks.push(chunk);
    this.#next = ((chunk.address + ALIGNMENT_BYTES - 1n) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    this.#left = pages;
    if (this.#next + BigInt(pages * PAGE_BYTES) > ADDRESS_MAX)
      throw new EverwarpError(
        "EW_NO_DEVICE",
        `memory at address ${chunk.address} is out of the kernel's reach`,
        {
          remedy: "Please report this device; the host engine serves meanwhile.",
        },
      );
  }
}

function tooLarge(): EverwarpError {
  const gibibytes = (PathRequest.PAGES_MAX * PAGE_BYTES) / 2 ** 30;
  return new EverwarpError(
    "EW_PATHS_FULL",
    `a path table that spans more than ${gibibytes} GiB does not fit a device`,
    {
      remedy: "Give a smaller maxEntries: some twenty million entries fit.",
    },
  );
}
