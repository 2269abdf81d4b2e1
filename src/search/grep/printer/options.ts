/** What a printer is told, as plain values that can be posted to a worker thread. */
import { type ColorSpecs, DEFAULT_COLOR_SPECS } from "./color.ts";

export type PrinterMode =
  | "standard"
  | "count"
  | "countMatches"
  | "filesWithMatches"
  | "filesWithoutMatch"
  | "json";

export interface PrinterOptions {
  mode: PrinterMode;
  quiet: boolean;
  /** Count matches, lines and bytes. JSON always does. */
  stats: boolean;
  color: boolean;
  colors: ColorSpecs;
  /** The path stands on a line of its own, before the file's lines. */
  heading: boolean;
  /** The path is printed. */
  withFilename: boolean;
  column: boolean;
  byteOffset: boolean;
  onlyMatching: boolean;
  /** One line per match (--vimgrep). */
  perMatch: boolean;
  trim: boolean;
  /** Lines of more bytes are left out; Infinity without a limit. */
  maxColumns: number;
  maxColumnsPreview: boolean;
  /** Text in the place of each match, or undefined. */
  replacement: string | undefined;
  includeZero: boolean;
  /** Stands between groups of lines; undefined for nothing at all. Bytes as a latin1 string, like all separators here. */
  contextSeparator: string | undefined;
  fieldMatchSeparator: string;
  fieldContextSeparator: string;
  /** Byte after a path in the place of ":" or a line feed, or −1. */
  pathTerminator: number;
  /** Byte in the place of "/" in printed paths, or −1. */
  pathSeparator: number;
  lineTerminator: number;
  crlf: boolean;
  /** Contexts are marked with matches too, since matches are what was not asked for. */
  invertMatch: boolean;
}

/** What `rg PATTERN dir` prints into a pipe. */
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
