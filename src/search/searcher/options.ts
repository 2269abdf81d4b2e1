/** Options of the searcher: plain values that can be posted to a worker thread. */
import type { BinaryMode } from "../content/index.ts";

/**
 * How bytes become text: `auto` looks for a byte-order mark, `none` never does, any other value is a WHATWG
 * label.
 */
export type EncodingChoice = string;

/** How files are searched. */
export interface SearcherOptions {
  /** Absolute path that relative paths of files refer to. Without it: the directory of the process. */
  directory?: string | undefined;
  /** Ends a line; 10 or, with --null-data, 0. */
  lineTerminator: number;
  /** A line may end in CR LF or in LF. Lines that everwarp ends itself end in CR LF. */
  crlf: boolean;
  invertMatch: boolean;
  beforeContext: number;
  afterContext: number;
  /** The sink gets every line. Both contexts are then 0. */
  passthru: boolean;
  lineNumber: boolean;
  /** Largest number of matching lines of a file. Infinity: no limit. */
  maxCount: number;
  stopOnNonmatch: boolean;
  /** The binary mode of files that the user named. */
  binaryExplicit: BinaryMode;
  /** The binary mode of files that the walk found. */
  binaryImplicit: BinaryMode;
  encoding: EncodingChoice;
  /**
   * The file is searched as one piece of memory: ripgrep maps a few named files. Else it is read as a stream
   * through a 64 KiB buffer. The difference shows in the place where a NUL is seen.
   */
  asOnePiece: boolean;
  /** Larger files are searched through a window, and are never in memory as a whole. */
  windowBytes: number;
}

/** Files of more than 1 GiB are streamed. */
export const DEFAULT_WINDOW_BYTES = 1 << 30;

/** No context, no limit, no binary detection: defaults for tests and for the library. */
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
