/** What the searcher is told, as plain values that can be posted to a worker thread. */
import type { BinaryMode } from "../content/index.ts";

/** How bytes become text: `auto` looks for a byte-order mark, `none` never does, anything else is a WHATWG label. */
export type EncodingChoice = string;

export interface SearcherOptions {
  /** Ends a line; 10 or, with --null-data, 0. */
  lineTerminator: number;
  /** A line ends in CR LF as well as in LF, and lines we end ourselves end in CR LF. */
  crlf: boolean;
  invertMatch: boolean;
  beforeContext: number;
  afterContext: number;
  /** Every line is given to the sink; contexts are then 0. */
  passthru: boolean;
  lineNumber: boolean;
  /** Matching lines per file; Infinity without a limit. */
  maxCount: number;
  stopOnNonmatch: boolean;
  /** For files that the user named. */
  binaryExplicit: BinaryMode;
  /** For files that the walk found. */
  binaryImplicit: BinaryMode;
  encoding: EncodingChoice;
  /**
   * The file is looked at as one piece of memory (ripgrep maps a handful of named files), which changes where a NUL is noticed;
   * otherwise as a stream read through a 64 KiB buffer.
   */
  asOnePiece: boolean;
  /** Files of more bytes are searched through a window and never lie in memory as a whole. */
  windowBytes: number;
}

/** A file of more than 1 GiB is streamed. */
export const DEFAULT_WINDOW_BYTES = 1 << 30;

/** No context, no limit, no binary detection: the start for tests and for the library. */
export const DEFAULT_SEARCHER_OPTIONS: SearcherOptions = {
  lineTerminator: 10,
  crlf: false,
  invertMatch: false,
  beforeContext: 0,
  afterContext: 0,
  passthru: false,
  lineNumber: false,
  maxCount: Infinity,
  stopOnNonmatch: false,
  binaryExplicit: "convert",
  binaryImplicit: "quit",
  encoding: "auto",
  asOnePiece: false,
  windowBytes: DEFAULT_WINDOW_BYTES,
};
