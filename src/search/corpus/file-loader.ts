/**
 * Reads files into windows of a sink. This is the work of one loader thread.
 *
 *   disk ──read──▶ scratch (1 MiB, scanned in place: marks, NUL) ──copy──▶ window of the sink
 *
 * The scratch memory costs one copy inside the cache. With it, windows may be write-only, because mapped device memory
 * is slow to read. And files are packed tightly, because the kept length of a file is known before its place is chosen.
 *
 * Invariants: a thread fills one chunk at a time. Within a chunk, files are in ascending order. Every file is followed
 * by one to sixteen line feeds, up to the next multiple of 16.
 */
import { closeSync, fstatSync, readSync, type Stats, statSync } from "node:fs";
import { decodingOf, openAtOnce, utf8MarkLength } from "../content/index.ts";
import { allocateScanBuffer, findByte } from "../scanner/index.ts";
import type { FileTable } from "./file-table.ts";
import { FILE_FLAGS, type LoadError, type PlacementColumns } from "./placement.ts";
import { isSystemError } from "./is-system-error.ts";
import { paddedLength, PlaceWriter, type WindowSource } from "./place-writer.ts";
import type { SinkWindow } from "./sink.ts";

/** How content is treated. */
export interface LoadOptions {
  /** Keeps the part after a NUL too. */
  readonly allText: boolean;
}

const SCRATCH_BYTES = 1 << 20;
const LINE_FEED = 10;
/**
 * A larger file that does not fit the rest of a chunk gets a place of its own. Otherwise chunks could stay half empty.
 */
const OWN_PLACE_BYTES = 128 * 1024;

/** Free scratch memories. Several loads may run in one thread at the same time, each with its own scratch memory. */
const idleScratches: Uint8Array[] = [];

/** Loads files on one thread. Call `dispose` at the end. */
export class FileLoader {
  readonly errors: LoadError[] = [];
  contentBytes = 0;
  loadedCount = 0;
  readonly #files: FileTable;
  readonly #columns: PlacementColumns;
  readonly #source: WindowSource;
  readonly #options: LoadOptions;
  readonly #scratch = idleScratches.pop() ?? allocateScanBuffer(SCRATCH_BYTES);
  #window: SinkWindow | undefined;
  #windowBytes: Uint8Array = new Uint8Array(0);
  #usedBytes = 0;
  /** Runs so far, five words each: segment, start, end, first file, last file. */
  readonly #runs: number[] = [];
  #runOpen = false;

  constructor(files: FileTable, columns: PlacementColumns, source: WindowSource, options: LoadOptions) {
    this.#files = files;
    this.#columns = columns;
    this.#source = source;
    this.#options = options;
  }

  /** Loads the files [first, end). Files that cannot be read are reported in `errors`. */
  async load(first: number, end: number): Promise<void> {
    this.#runOpen = false;
    for (let file = first; file < end; file++) {
      let descriptor = -1;
      try {
        const path = this.#files.openPath(file);
        // Opening a pipe would wait for a writer. Only named files need the check: the walk finds only regular files.
        if (this.#files.explicit(file) && !statSync(path).isFile()) {
          this.#columns.flags[file] = FILE_FLAGS.SPECIAL;
          continue;
        }
        descriptor = openAtOnce(path);
        const pending = this.#loadFile(file, descriptor, fstatSync(descriptor));
        if (pending) await pending;
      } catch (error) {
        if (!isSystemError(error)) throw error;
        this.#columns.flags[file] = FILE_FLAGS.FAILED;
        this.#columns.length[file] = 0;
        this.errors.push({ file, code: error.code, message: error.message });
      } finally {
        if (descriptor >= 0) closeSync(descriptor);
      }
    }
  }

  /** Releases the scratch memory. Nothing can be loaded afterwards. */
  dispose(): void {
    idleScratches.push(this.#scratch);
  }

  /** Commits the last window. @returns the runs of all loaded files */
  finish(): Uint32Array {
    if (this.#window) this.#source.commit(this.#window, this.#usedBytes);
    this.#window = undefined;
    return Uint32Array.from(this.#runs);
  }

  /** Returns a promise only if a window must be waited for. Most files are done synchronously. */
  #loadFile(file: number, descriptor: number, stats: Stats): Promise<void> | undefined {
    const columns = this.#columns;
    columns.sizeBytes[file] = stats.size;
    columns.modifiedMs[file] = stats.mtimeMs;
    columns.inode[file] = stats.ino;
    if (!stats.isFile()) {
      columns.flags[file] = FILE_FLAGS.SPECIAL;
      return undefined;
    }
    if (paddedLength(stats.size) > this.#source.maxPlaceBytes) {
      columns.flags[file] = FILE_FLAGS.OVERSIZE;
      return undefined;
    }
    const length = this.#fillScratch(descriptor, stats.size);
    const { label, skipBytes } = decodingOf(this.#scratch, length, "auto");
    if (label !== undefined) return this.#loadTranscoded(file, descriptor, length, label);
    let flags: number = skipBytes > 0 ? FILE_FLAGS.LOADED | FILE_FLAGS.UTF8_MARK : FILE_FLAGS.LOADED;
    let kept = length;
    const nul = findByte(0, this.#scratch, 0, length);
    if (nul >= 0) {
      flags |= FILE_FLAGS.BINARY;
      columns.binaryOffset[file] = nul;
      if (!this.#keepsAll(file)) kept = nul;
    }
    columns.flags[file] = flags;
    const cut = kept < length;
    if (length === SCRATCH_BYTES && !cut && stats.size > length) {
      return this.#loadLarge(file, descriptor, stats.size);
    }
    return this.#place(file, this.#scratch, kept);
  }

  #keepsAll(file: number): boolean {
    return this.#options.allText || this.#files.explicit(file);
  }

  /**
   * Reads up to the file's size, the end of the file, or the end of the scratch memory. @returns the number of bytes
   */
  #fillScratch(descriptor: number, sizeBytes: number): number {
    // Files of /proc report size 0 but have content.
    const wanted = sizeBytes === 0 ? SCRATCH_BYTES : Math.min(sizeBytes, SCRATCH_BYTES);
    let length = 0;
    while (length < wanted) {
      const read = readSync(descriptor, this.#scratch, length, wanted - length, null);
      if (read === 0) break;
      length += read;
    }
    return length;
  }

  /** Records the place of a file, and extends its run to the file's end. */
  #record(file: number, segment: number, start: number, length: number): void {
    const columns = this.#columns;
    columns.segment[file] = segment;
    columns.start[file] = start;
    columns.length[file] = length;
    this.contentBytes += length;
    this.loadedCount++;
    if (length === 0) return;
    const runs = this.#runs;
    if (this.#runOpen) {
      runs[runs.length - 3] = start + length;
      runs[runs.length - 1] = file;
    } else {
      runs.push(segment, start, start + length, file, file);
      this.#runOpen = true;
    }
  }

  /** Packs a file whose whole content is in memory. */
  #place(file: number, content: Uint8Array, length: number): Promise<void> | undefined {
    if (length === 0) {
      this.#record(file, 0, 0, 0);
      return undefined;
    }
    const needed = paddedLength(length);
    if (this.#usedBytes + needed <= this.#windowBytes.length) {
      this.#pack(file, content, length, needed);
      return undefined;
    }
    if (needed > Math.min(OWN_PLACE_BYTES, this.#source.chunkBytes))
      return this.#placeAlone(file, content, length);
    return this.#nextChunk().then(() => this.#pack(file, content, length, needed));
  }

  #pack(file: number, content: Uint8Array, length: number, needed: number): void {
    const at = this.#usedBytes;
    this.#windowBytes.set(content.length === length ? content : content.subarray(0, length), at);
    this.#windowBytes.fill(LINE_FEED, at + length, at + needed);
    this.#usedBytes += needed;
    this.#record(file, this.#window!.segment, this.#window!.offsetBytes + at, length);
  }

  async #nextChunk(): Promise<void> {
    if (this.#window) this.#source.commit(this.#window, this.#usedBytes);
    this.#window = undefined;
    this.#windowBytes = new Uint8Array(0);
    this.#usedBytes = 0;
    this.#runOpen = false;
    this.#window = await this.#source.reserve(this.#source.chunkBytes);
    this.#windowBytes = this.#source.bytes(this.#window);
  }

  /** Places a file whose content is in memory, but is larger than a chunk. */
  async #placeAlone(file: number, content: Uint8Array, length: number): Promise<void> {
    const writer = new PlaceWriter(this.#source, paddedLength(length));
    await writer.write(content, length);
    await this.#finishPlace(file, writer, length);
  }

  async #finishPlace(file: number, writer: PlaceWriter, length: number): Promise<void> {
    const position = await writer.finish();
    this.#runOpen = false;
    this.#record(file, position.segment, position.offsetBytes, length);
    this.#runOpen = false;
  }

  /** Loads a file larger than the scratch memory. The scratch memory contains its beginning. */
  async #loadLarge(file: number, descriptor: number, sizeBytes: number): Promise<void> {
    const columns = this.#columns;
    const writer = new PlaceWriter(this.#source, paddedLength(sizeBytes));
    await writer.write(this.#scratch, SCRATCH_BYTES);
    let length = SCRATCH_BYTES;
    while (length < sizeBytes) {
      const read = this.#fillScratch(descriptor, Math.min(sizeBytes - length, SCRATCH_BYTES));
      if (read === 0) break;
      let kept = read;
      if ((columns.flags[file]! & FILE_FLAGS.BINARY) === 0) {
        const nul = findByte(0, this.#scratch, 0, read);
        if (nul >= 0) {
          columns.flags[file]! |= FILE_FLAGS.BINARY;
          columns.binaryOffset[file] = length + nul;
          if (!this.#keepsAll(file)) kept = nul;
        }
      }
      await writer.write(this.#scratch, kept);
      length += kept;
      if (kept < read) break;
    }
    await this.#finishPlace(file, writer, length);
  }

  /** Loads a UTF-16 file. It is decoded as a whole, because such files are rare and small. */
  async #loadTranscoded(file: number, descriptor: number, length: number, encoding: string): Promise<void> {
    const decoder = new TextDecoder(encoding);
    const parts: Buffer[] = [];
    for (let read = length; read > 0;) {
      parts.push(Buffer.from(decoder.decode(Buffer.from(this.#scratch.subarray(0, read)), { stream: true })));
      read = readSync(descriptor, this.#scratch, 0, SCRATCH_BYTES, null);
    }
    parts.push(Buffer.from(decoder.decode()));
    const content = Buffer.concat(parts);
    const columns = this.#columns;
    columns.flags[file] = FILE_FLAGS.LOADED | FILE_FLAGS.TRANSCODED;
    // The decoder takes the file's mark away. A second one is the mark of the text.
    if (utf8MarkLength(content, content.length) > 0) columns.flags[file]! |= FILE_FLAGS.UTF8_MARK;
    let kept = content.length;
    const nul = content.indexOf(0);
    if (nul >= 0) {
      columns.flags[file]! |= FILE_FLAGS.BINARY;
      columns.binaryOffset[file] = nul;
      if (!this.#keepsAll(file)) kept = nul;
    }
    if (paddedLength(kept) > this.#source.maxPlaceBytes) {
      columns.flags[file] = FILE_FLAGS.OVERSIZE;
      return;
    }
    await this.#place(file, content, kept);
  }
}
