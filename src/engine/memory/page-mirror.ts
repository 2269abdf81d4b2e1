/**
 * A sparse space of host words, mirrored page by page in device memory.
 *
 *     page p of the space ──▶ directory[p] = address / 2^addressBits     (upload memory: the kernel reads it)
 *                                │
 *     chunks of device memory    ▼
 *     ┌ the first request ┬ … ┬ the current request, or a sixteenth of all chunks if that is more ┐
 *
 * Invariants: a page gets its place before anything is written to it, and keeps the place. No memory is freed while a
 * kernel runs. A system may use the directory words behind the pages for its own data.
 */
import { EverwarpError } from "../../base/index.ts";
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";
import type { WordSpan } from "./mirror-write.ts";

/** A new chunk has at least the size of all chunks so far, divided by this number. */
const GROWTH = 16;

/** The shape of a mirror. */
export interface PageMirrorOptions {
  /** Name of the memory in messages: "path table". */
  readonly label: string;
  /** Words of a page: a power of two. */
  readonly pageWords: number;
  /** Maximum number of pages. */
  readonly maxPages: number;
  /** Low bits of a page's address that are zero, so that the rest of the address fits a word. */
  readonly addressBits: number;
  /** Words of the directory: `maxPages`, and the system's own words behind them. */
  readonly directoryWords: number;
  /** Makes the error for a space with more than `maxPages` pages. */
  readonly tooLarge: () => EverwarpError;
}

/** The places of pages in device memory. */
export class PageMirror implements Disposable {
  /** The addresses of the pages, for the kernel. */
  readonly directory: DeviceBuffer;
  /** The directory in host memory. */
  readonly words: Uint32Array;
  /** Number of pages that the kernel must know: the highest page with a place, plus one. */
  pageCount = 0;
  readonly #device: Device;
  readonly #options: PageMirrorOptions;
  readonly #pageBits: number;
  readonly #chunks: DeviceBuffer[] = [];
  /** Address of the first free page in the newest chunk, and the number of free pages there. */
  #next = 0n;
  #left = 0;
  #taken = 0;

  /** @throws EW_OUT_OF_DEVICE_MEMORY */
  constructor(device: Device, options: PageMirrorOptions) {
    this.#device = device;
    this.#options = options;
    this.#pageBits = Math.log2(options.pageWords);
    this.directory = device.createBuffer({
      role: "upload",
      sizeBytes: options.directoryWords * 4,
      label: `${options.label} directory`,
    });
    this.words = new Uint32Array(this.directory.host).fill(0);
  }

  /** Device memory of the pages and the directory. */
  get allocatedBytes(): number {
    return this.#chunks.reduce((sum, { sizeBytes }) => sum + sizeBytes, this.directory.sizeBytes);
  }

  /**
   * Gives a place to each page of the spans that has none. Call this before a write to these pages is sent.
   * @throws EW_OUT_OF_DEVICE_MEMORY, and the error of `tooLarge`
   */
  cover(spans: readonly WordSpan[]): void {
    const { maxPages } = this.#options;
    const missing = new Set<number>();
    for (const { begin, end } of spans) {
      for (let page = begin >>> this.#pageBits; page <= (end - 1) >>> this.#pageBits; page++)
        if (page >= maxPages || this.words[page] === 0) missing.add(page);
    }
    for (const page of missing) {
      if (page >= maxPages) throw this.#options.tooLarge();
      if (this.#left === 0) this.#addChunk(missing.size);
      this.words[page] = Number(this.#next >> BigInt(this.#options.addressBits));
      this.#next += BigInt(this.#pageBytes);
      this.#left--;
      this.#taken++;
      this.pageCount = Math.max(this.pageCount, page + 1);
      missing.delete(page);
    }
  }

  /** Frees the memory. No kernel may be using it. */
  [Symbol.dispose](): void {
    for (const chunk of this.#chunks.splice(0).toReversed()) chunk[Symbol.dispose]();
    this.directory[Symbol.dispose]();
  }

  get #pageBytes(): number {
    return this.#options.pageWords * 4;
  }

  #addChunk(needed: number): void {
    const { label, addressBits } = this.#options;
    const pages = Math.max(needed, Math.ceil(this.#taken / GROWTH));
    // A page's address must be a multiple of this, wherever the driver places the buffer.
    const alignment = 2n ** BigInt(addressBits);
    const chunk = this.#device.createBuffer({
      role: "device",
      sizeBytes: pages * this.#pageBytes + Number(alignment),
      label,
    });
    this.#chunks.push(chunk);
    this.#next = ((chunk.address + alignment - 1n) / alignment) * alignment;
    this.#left = pages;
    if (this.#next + BigInt(pages * this.#pageBytes) > 2n ** BigInt(32 + addressBits))
      throw new EverwarpError(
        "EW_NO_DEVICE",
        `memory at address ${chunk.address} is out of the kernel's reach`,
        { remedy: "Please report this device; the host engine serves meanwhile." },
      );
  }
}
