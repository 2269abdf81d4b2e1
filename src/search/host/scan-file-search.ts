/**
 * Searches files one after another with as little work per file as possible: open, read, close, one scan.
 *
 * The bytes are read straight into memory that the scanner reads in place, and no size is asked for. What that cannot serve (standard input, huge files, files that cannot be read) goes to
 * the file searcher, which opens the file by itself and words its errors as ripgrep does.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { FoundFile } from "../contracts.ts";
import type { ByteWriter } from "../printer/byte-writer.ts";
import type { FileResult, FileSearcher } from "../searcher/file-searcher.ts";
import { type SearcherOptions, STREAM_BUFFER_BYTES } from "../searcher/options.ts";
import { allocateScanBuffer, findByte } from "./literal-scanner.ts";

const FIRST_BUFFER_BYTES = 512 * 1024;
const LARGEST_BUFFER_BYTES = 64 * 1024 * 1024;

export class ScanFileSearch {
  readonly #searcher: FileSearcher;
  readonly #quitsAtNul: boolean;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(searcher: FileSearcher, options: SearcherOptions) {
    this.#searcher = searcher;
    // A NUL in the first piece that the searcher looks at ends the search of a file, so what follows need not be read.
    this.#quitsAtNul =
      options.binaryImplicit === "quit" && options.encoding === "auto" && !options.asOnePiece;
  }

  get stats(): FileSearcher["stats"] {
    return this.#searcher.stats;
  }

  /** Appends what is to be printed for `file` to `output`. A bad file never throws. */
  search(file: FoundFile, output: ByteWriter): FileResult {
    const length = file.explicit && file.path === "-" ? -1 : this.#read(file);
    if (length < 0) return this.#searcher.search(file, output);
    return this.#searcher.searchBytes(file, this.#buffer.subarray(0, length), output);
  }

  /** @returns bytes read; −1 where the searcher must read the file */
  #read(file: FoundFile): number {
    if (this.#buffer.length === 0) this.#reserve(FIRST_BUFFER_BYTES);
    let descriptor: number;
    try {
      descriptor = openSync(file.pathBytes ?? file.path, constants.O_RDONLY);
    } catch {
      return -1; // the searcher meets the same error and tells it
    }
    try {
      return this.#readDescriptor(descriptor, file.explicit);
    } catch {
      return -1;
    } finally {
      closeSync(descriptor);
    }
  }

  #readDescriptor(descriptor: number, explicit: boolean): number {
    let filled = readSync(descriptor, this.#buffer, 0, this.#buffer.length, null);
    if (!explicit && this.#endsAtNul(filled)) return STREAM_BUFFER_BYTES;
    for (;;) {
      if (filled === this.#buffer.length) {
        const { size } = fstatSync(descriptor);
        const wanted = Math.max(2 * filled, size + 1);
        if (wanted > LARGEST_BUFFER_BYTES) return -1;
        const before = this.#buffer;
        this.#reserve(wanted);
        before.copy(this.#buffer, 0, 0, filled);
      }
      // Asked until it has no more: files of /proc, and some network file systems, give less than they have.
      const count = readSync(descriptor, this.#buffer, filled, this.#buffer.length - filled, null);
      if (count === 0) return filled;
      filled += count;
    }
  }

  #endsAtNul(filled: number): boolean {
    if (!this.#quitsAtNul || filled < STREAM_BUFFER_BYTES) return false;
    const [first, second] = this.#buffer;
    const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
    return !isUtf16 && findByte(0, this.#buffer, 0, STREAM_BUFFER_BYTES - 4) >= 0;
  }

  #reserve(sizeBytes: number): void {
    // Buffers of the scan memory are never given back: doubling keeps the sum of all within twice the largest.
    const { buffer, byteOffset, length } = allocateScanBuffer(Math.max(sizeBytes, 2 * this.#buffer.length));
    this.#buffer = Buffer.from(buffer as unknown as ArrayBuffer, byteOffset, length);
  }
}
