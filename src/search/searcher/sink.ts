/** What a search tells about one file, line by line. The printers are the sinks. */
import type { BinaryMode } from "../content/index.ts";

export type ContextKind = "before" | "after" | "other";

/** A line as the searcher hands it on. One object is reused for all lines: copy what must outlive the call. */
export interface Line {
  bytes: Buffer;
  /** Index of the line's first byte. */
  start: number;
  /** Index after the line's last byte, its terminator included. */
  end: number;
  /** Byte offset of the line in the (decoded) file. */
  offsetBytes: number;
  /** From 1; 0 where line numbers are not counted. */
  number: number;
}

export interface Sink {
  /** A search of one file begins. */
  begin(binary: BinaryMode): void;
  /** A line that matches. @returns false to end the search of this file */
  matched(line: Line): boolean;
  /** A line that is shown because of its neighbours. @returns false to end the search of this file */
  context(line: Line, kind: ContextKind): boolean;
  /** Lines were left out between the last line and the next one. */
  contextBreak(): void;
  /** The first NUL byte came into view. */
  binaryData(offsetBytes: number): void;
  /**
   * The search of this file ended.
   * @param searchedBytes how far it came
   * @param binaryOffsetBytes where the first NUL is, or −1
   */
  finish(searchedBytes: number, binaryOffsetBytes: number): void;
}
