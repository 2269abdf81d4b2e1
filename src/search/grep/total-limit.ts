/**
 * The limit of all files together (--max-total).
 *
 * Invariants: The printer gets at most the wanted number of hits, and the search ends at that number. The limit of a
 * file is the number that is left. Another thread may have searched a file with a higher limit. Then the file is
 * searched again, and only its first lines are printed.
 */
import type { FoundFile } from "../contracts.ts";
import type { FileResult, FileSearcher } from "./file-searcher/index.ts";
import { ByteWriter, type PrinterMode } from "./printer/index.ts";
import type { ResultTaker } from "./result-taker.ts";

/** Lets only so many hits through. */
export class TotalLimit implements ResultTaker {
  readonly #next: ResultTaker;
  readonly #searcher: FileSearcher;
  readonly #countsFiles: boolean;
  #left: number;

  /**
   * @param maxTotal at least 1
   * @param mode where a file is only named, it counts as one hit
   */
  constructor(next: ResultTaker, searcher: FileSearcher, maxTotal: number, mode: PrinterMode) {
    this.#next = next;
    this.#searcher = searcher;
    this.#left = maxTotal;
    this.#countsFiles = mode === "filesWithMatches" || mode === "filesWithoutMatch";
  }

  get wantedLines(): number {
    return this.#countsFiles ? Infinity : this.#left;
  }

  take(file: FoundFile, text: Uint8Array, result: FileResult): boolean {
    const count = this.#countsFiles ? Number(result.matched) : result.count;
    if (count > this.#left) return this.#takeFirst(file);
    this.#left -= count;
    return this.#next.take(file, text, result) && this.#left > 0;
  }

  /** Takes as many lines of the file as are left. */
  #takeFirst(file: FoundFile): boolean {
    const searcher = this.#searcher;
    const before = { ...searcher.stats };
    const output = new ByteWriter();
    searcher.limit(this.#left);
    const result = searcher.search(file, output);
    Object.assign(searcher.stats, before); // the file was counted when it was searched first
    this.#left = 0;
    this.#next.take(file, output.written(), result);
    return false;
  }
}
