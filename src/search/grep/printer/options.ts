/** Options of a printer: plain values that can be posted to a worker thread. */
import type { Hyperlinks } from "./hyperlink.ts";
import { type ColorSpecs, DEFAULT_COLOR_SPECS } from "./color.ts";

/** What is printed for each file: lines, counts, the path, or JSON messages. */
export type PrinterMode =
  | "standard"
  | "count"
  | "countMatches"
  | "filesWithMatches"
  | "filesWithoutMatch"
  | "json";

/** How results are printed. */
export interface PrinterOptions {
  mode: PrinterMode;
  quiet: boolean;
  /** All matching lines of a file are looked at, also where one decides what is printed. */
  seesAllLines?: boolean;
  /** Count matches, lines and bytes. JSON always counts them. */
  stats: boolean;
  color: boolean;
  colors: ColorSpecs;
  /** The path is on its own line before the file's lines. */
  heading: boolean;
  /** The path is printed. */
  withFilename: boolean;
  column: boolean;
  byteOffset: boolean;
  onlyMatching: boolean;
  /** One line per match (--vimgrep). */
  perMatch: boolean;
  trim: boolean;
  /** Longer lines, in bytes, are left out. Infinity: no limit. */
  maxColumns: number;
  maxColumnsPreview: boolean;
  /** Text that replaces each match, or undefined. */
  replacement: string | undefined;
  includeZero: boolean;
  /** Separates groups of lines. Undefined: nothing at all. Like all separators here, bytes as a latin1 string. */
  contextSeparator: string | undefined;
  fieldMatchSeparator: string;
  fieldContextSeparator: string;
  /** Links to files and lines. Undefined: none. */
  hyperlinks?: Hyperlinks | undefined;
  /** Byte after a path instead of ":" or a line feed, or −1. */
  pathTerminator: number;
  /** Byte that replaces "/" in printed paths, or −1. */
  pathSeparator: number;
  lineTerminator: number;
  crlf: boolean;
  /** Matches are marked in context lines too, because with -v they are what was not searched for. */
  invertMatch: boolean;
}

/** The output of `rg PATTERN dir` into a pipe. */
export const DEFAULT_PRINTER_OPTIONS: PrinterOptions = {
  mode: "standard",
  quiet: false,
  stats: false,
  color: false,
  colors: DEFAULT_COLOR_SPECS,
  heading: false,
  withFilename: true,
  column: false,
  byteOffset: false,
  onlyMatching: false,
  perMatch: false,
  trim: false,
  maxColumns: Infinity,
  maxColumnsPreview: false,
  replacement: undefined,
  includeZero: false,
  contextSeparator: "--",
  fieldMatchSeparator: ":",
  fieldContextSeparator: "-",
  pathTerminator: -1,
  pathSeparator: -1,
  lineTerminator: 10,
  crlf: false,
  invertMatch: false,
};
