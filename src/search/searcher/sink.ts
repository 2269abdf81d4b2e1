/** What a search says about one file, line by line. The printers are sinks. */
import type { BinaryMode } from "../content/index.ts";

/** Why a line is shown that does not match: before a match, after one, or with --passthru. */
export type ContextKind = "before" | "after" | "other";

/**
 * A line from the searcher; in a search across lines, lines that match together. One object serves all lines: copy what
 * must outlive the call.
 */
export interface Line {
  bytes: Buffer;
  /** Index of the line's first byte. */
  start: number;
  /** Index after the line's last byte, its terminator included. */
  end: number;
  /** The text that matches across lines are looked for in. Of a line of context, it is the line. */
  textStart: number;
  textEnd: number;
  /** Byte offset of the line in the (decoded) file. */
  offsetBytes: number;
  /** Line number from 1. 0 if lines are not counted. */
  number: number;
}

/** Takes the lines of one file after another. */
export interface Sink {
  /** A search of one file begins. */
  begin(binary: BinaryMode): void;
  /** A line that matches. @returns false to end the search of this file */
  matched(line: Line): boolean;
  /** A line that is shown because of its neighbours. @returns false to end the search of this file */
  context(line: Line, kind: ContextKind): boolean;
  /** Lines are left out between the last line and the next one. */
  contextBreak(): void;
  /** The first NUL byte was seen. */
  binaryData(offsetBytes: number): void;
  /**
   * The search of this file has ended.
   * @param searchedBytes how many bytes were searched
   * @param binaryOffsetBytes offset of the first NUL, or −1
   */
  finish(searchedBytes: number, binaryOffsetBytes: number): void;
}
