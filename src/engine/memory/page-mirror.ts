/**
 * A sparse space of host words, mirrored page by page in device memory.
 *
 *     page p of the space ──▶ directory[p] = address / 2^addressBits     (upload memory: the kernel reads it)
 *                                │
 *     chunks of device memory    ▼
 *     ┌ what is needed first ┬ … ┬ what is needed, or a sixteenth of what there is ┐
 *
 * Invariants: a page has a place before anything is written to it, and keeps the place. No memory is freed while a
 * kernel runs. A system may use the words of the directory behind the pages for itself.
 */
import { EverwarpError } from "../../base/index.ts";
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";
import type { WordSpan } from "./mirror-write.ts";

/** A further chunk is this part of those so far, or more if more is needed at once. */
const GROWTH = 16;

/** The shape of a mirror. */
export interface PageMirrorOptions {
  /** Name of the memory, for people: "path table". */
  readonly label: string;
  /** Words of a page: a power of two. */
  readonly pageWords: number;
  /** Most pages. */
  readonly maxPages: number;
  /** Low bits of a page's address that are zero, so that the rest fits a word. */
  readonly addressBits: number;
  /** Words of the directory: `maxPages`, and what the system keeps behind them. */
  readonly directoryWords: number;
  /** The error of a space that has more than `maxPages` pages. */
  readonly tooLarge: () => EverwarpError;
}

/** Places of pages in device memory. */
export class PageMirror implements Disposable {
  /** The addresses of the pages, for the kernel. */
  readonly directory: DeviceBuffer;
  /** The directory as the host sees it. */
  readonly words: Uint32Array;
  /** Pages that the kernel must know: the highest that has a place, plus one. */
  pageCount = 0;
  readonly #device: Device;
  readonly #options: PageMirrorOptions;
  readonly #pageBits: number;
  readonly #chunks: DeviceBuffer[] = [];
  /** Address of the first free page of the newest chunk, and how many are free there. */
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
   * Finds places for the pages of spans that have none. Call it before a write to them is sent.
   * @throws EW_OUT_OF_DEVICE_MEMORY, and what `tooLarge` makes
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

  /** Frees the memory; no kernel may use it any more. */
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
    // A page begins where its address fits a word, wherever the driver puts the buffer.
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
