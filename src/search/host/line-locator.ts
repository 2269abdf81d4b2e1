/**
 * Lines and columns of positions in one file, in ascending order: line feeds are counted from one position to the
 * next.
 */
import { NOT_FOUND, type ScanKernel } from "../scanner/index.ts";

const LINE_FEED = 10;

/** Finds lines and columns in one file after the other. */
export class LineLocator {
  /** Of the last position, from 1. */
  line = 1;
  column = 1;
  #lineStart = 0;
  #seen = 0;

  /**
   * Begins a file, or at a place in it.
   * @param position of the file's first byte, or of the place
   * @param line in which it lies
   * @param lineStart position of the line's first byte
   */
  begin(position: number, line = 1, lineStart = position): void {
    this.line = line;
    this.#lineStart = lineStart;
    this.#seen = position;
  }

  /** Sets `line` and `column`. @param position not before the last one */
  locate(kernel: ScanKernel, position: number): void {
    const feeds = kernel.countByte(LINE_FEED, this.#seen, position);
    if (feeds > 0) {
      this.line += feeds;
      const last = kernel.findLastByte(LINE_FEED, this.#seen, position);
      if (last !== NOT_FOUND) this.#lineStart = last + 1;
    }
    this.#seen = position;
    this.column = position - this.#lineStart + 1;
  }
}
