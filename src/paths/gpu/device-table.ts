/**
 * The path table in device memory: a mirror of its pages, and the guesses.
 *
 * A guess is a directory, stored under the hash of its path, as the kernel last saw it. Each guess is one word, and may
 * be wrong. Larger memory for guesses is taken only with a write: no lookup is in flight then, and the next lookup
 * reads the new address.
 */
import { EverwarpError } from "../../base/index.ts";
import { PageMirror, splitAddress, type WordSpan, writeAddress } from "../../engine/index.ts";
import type { Device, DeviceBuffer } from "../../vulkan/index.ts";
import { PathRequest, Table, TableHeader } from "../table/index.ts";
import { guessCountFor } from "./lookup-shape.ts";

/** Device memory of one path table. */
export class DeviceTable implements Disposable {
  /** Number of directories that the kernel can remember. */
  guessCount = 0;
  readonly #device: Device;
  readonly #mirror: PageMirror;
  /** The table in host memory. */
  readonly #image: Uint32Array;
  /** A fixed number of guesses, independent of the number of entries. */
  #fixedGuessCount: number | undefined;
  /** The last one is in use. */
  readonly #guesses: DeviceBuffer[] = [];

  /**
   * @param guessCount a power of two; by default it follows the entries of the image
   * @throws EW_OUT_OF_DEVICE_MEMORY
   */
  constructor(device: Device, image: Uint32Array, guessCount?: number) {
    this.#device = device;
    this.#image = image;
    this.#fixedGuessCount = guessCount;
    this.#mirror = new PageMirror(device, {
      label: "path table",
      pageWords: Table.PAGE_WORDS,
      maxPages: PathRequest.PAGES_MAX,
      addressBits: PathRequest.PAGE_ADDRESS_BITS,
      directoryWords: PathRequest.GUESS_MASK + 1,
      tooLarge,
    });
    this.#growGuesses();
  }

  /** The addresses of the pages, for the kernel. */
  get directory(): DeviceBuffer {
    return this.#mirror.directory;
  }

  /** Number of pages that the kernel must know: the highest page with a place, plus one. */
  get pageCount(): number {
    return this.#mirror.pageCount;
  }

  /** Size of the table in device memory. */
  get allocatedBytes(): number {
    return this.#guesses.reduce((sum, { sizeBytes }) => sum + sizeBytes, this.#mirror.allocatedBytes);
  }

  /**
   * Gives places to the pages of a write before it is sent.
   * @throws EW_OUT_OF_DEVICE_MEMORY, EW_PATHS_FULL
   */
  cover(spans: readonly WordSpan[]): void {
    this.#growGuesses();
    this.#mirror.cover(spans);
  }

  /** Frees the memory. No kernel may be using it. */
  [Symbol.dispose](): void {
    for (const guesses of this.#guesses.splice(0)) guesses[Symbol.dispose]();
    this.#mirror[Symbol.dispose]();
  }

  /**
   * Makes more guesses if that is worthwhile. The old guesses are dropped. Without memory for more, nothing changes.
   */
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
    const { words } = this.#mirror;
    writeAddress(words, PathRequest.GUESSES_ADDRESS, splitAddress(guesses.address), 0);
    words[PathRequest.GUESS_MASK] = count - 1;
  }
}

function tooLarge(): EverwarpError {
  const gibibytes = (PathRequest.PAGES_MAX * Table.PAGE_WORDS * 4) / 2 ** 30;
  return new EverwarpError(
    "EW_PATHS_FULL",
    `a path table that spans more than ${gibibytes} GiB does not fit a device`,
    { remedy: "Give a smaller maxEntries: some twenty million entries fit." },
  );
}
