/** Options of a one-shot search: decided values. Flags, terminal and defaults were already combined. */
import type { PrinterMode } from "./printer/index.ts";
import type { WalkOptions } from "../walk/index.ts";
import type { FileSearcherArgs } from "./file-searcher/index.ts";

/** What is printed: results, the files that would be searched, or the known file types. */
export type GrepMode = { kind: "search"; search: PrinterMode } | { kind: "files" } | { kind: "types" };

/** How files are sorted. */
export type SortKey = "path" | "modified" | "accessed" | "created" | "count";

/** The options of `runGrep`. */
export interface GrepOptions {
  mode: GrepMode;
  /** What each thread needs to search files. It can be posted to a worker thread. */
  searcher: FileSearcherArgs;
  /** Paths to search. Empty: the working directory, and paths are printed without "./". "-" is standard input. */
  paths: string[];
  /** The user gave no path. Then there is a message if nothing was searched. */
  implicitPath: boolean;
  walk: WalkOptions;
  sort: { key: SortKey; reverse: boolean } | undefined;
  /** Threads as ripgrep counts them. With 1, output is joined as by ripgrep's one-threaded printer. */
  threads: number;
  /**
   * Number of threads that may search. It can be greater than `threads`: ordered output needs no single
   * thread here.
   */
  workerThreads: number;
  /** False if no line can match. Then no file is opened. */
  matchesPossible: boolean;
  /** The search ends after so many hits in all files together. Undefined: no limit. */
  maxTotal?: number | undefined;
  quiet: boolean;
  quitAfterMatch: boolean;
  stats: boolean;
  /** Text of the line between the output of two files, or undefined. Bytes as a latin1 string. */
  fileSeparator: string | undefined;
  messages: boolean;
  /** The user leaves the regex engine to us, so an error of a pattern says which engine was asked. */
  namesEngine: boolean;
  /** How much is told about the search itself: nothing, decisions (--debug), or each file too (--trace). */
  log: "none" | "debug" | "trace";
  ignoreMessages: boolean;
  /** Output is flushed after each file. */
  flushEachFile: boolean;
  engine: { device: string; strategy: string | undefined; persistent: boolean; polite: boolean };
}
