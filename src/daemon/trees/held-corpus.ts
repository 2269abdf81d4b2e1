/** A corpus in the engine's memory, and which of its rows are still what is on disk. */
import type { Corpus } from "../../search/index.ts";
import type { StoredFile } from "./directory.ts";

/** See the head of this file. */
export class HeldCorpus {
  readonly corpus: Corpus;
  /** By row; undefined where the row is not the file's content any more, or never was. */
  readonly files: (StoredFile | undefined)[];
  /** The row was not kept as it lies on disk: what it prints is read from there. */
  readonly isPrintedFromDisk: Uint8Array;
  /** Bytes that a search looks at in each row. */
  readonly textBytes: Float64Array;
  /** Bytes that the corpus takes in memory, with its signatures. */
  readonly memoryBytes: number;
  /** Nothing was read before this moment. */
  readonly loadedAtMs: number;
  liveCount = 0;
  /** Searches that look into it now. */
  pinCount = 0;
  /** When a search looked into it last, as the store counts. */
  usedAt = 0;

  constructor(corpus: Corpus, rowCount: number, memoryBytes: number, loadedAtMs: number) {
    this.loadedAtMs = loadedAtMs;
    this.corpus = corpus;
    this.files = Array.from({ length: rowCount });
    this.isPrintedFromDisk = new Uint8Array(rowCount);
    this.textBytes = new Float64Array(rowCount);
    this.memoryBytes = memoryBytes;
  }

  /** The row is the file's content. */
  attach(file: StoredFile, row: number): void {
    file.held?.release(file);
    this.files[row] = file;
    file.held = this;
    file.row = row;
    this.liveCount++;
  }

  /** The row is the file's content no longer. */
  release(file: StoredFile): void {
    if (file.held !== this) return;
    this.files[file.row] = undefined;
    file.held = undefined;
    file.row = -1;
    this.liveCount--;
  }
}
