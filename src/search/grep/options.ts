/** What a one-shot search is told: decided values, in which flags, terminal and defaults have already met. */
import type { PrinterMode } from "./printer/index.ts";
import type { WalkOptions } from "../walk/index.ts";
import type { FileSearcherArgs } from "./file-searcher/index.ts";

/** What is printed: what a search finds, the files that it would search, or the known file types. */
export type GrepMode = { kind: "search"; search: PrinterMode } | { kind: "files" } | { kind: "types" };

/** What files are sorted by. */
export type SortKey = "path" | "modified" | "accessed" | "created";

/** The options of `runGrep`. */
export interface GrepOptions {
  mode: GrepMode;
  /** What each thread needs to search files; cloneable. */
  searcher: FileSearcherArgs;
  /** Empty: the working directory, and paths are printed without "./". "-" is standard input. */
  paths: string[];
  /** No path was given, so it is worth telling when nothing was searched. */
  implicitPath: boolean;
  walk: WalkOptions;
  sort: { key: SortKey; reverse: boolean } | undefined;
  /** 1 also means that output is joined as ripgrep's one-threaded printer does. */
  threads: number;
  /** So many threads may search. Output in order needs no single thread here. */
  workerThreads: number;
  /** False: no line can match, so nothing is opened. */
  matchesPossible: boolean;
  quiet: boolean;
  quitAfterMatch: boolean;
  stats: boolean;
  /** Stands on a line between the output of two files; undefined for none. Bytes as a latin1 string. */
  fileSeparator: string | undefined;
  messages: boolean;
  ignoreMessages: boolean;
  /** Output is flushed after each file. */
  flushEachFile: boolean;
  engine: { device: string; strategy: string | undefined; persistent: boolean };
}
