/** What trees in memory are given, and what they tell of themselves. */
import type { Inotify } from "../watch/index.ts";

/** Options of `ResidentTrees.open`. */
export interface ResidentTreesOptions {
  /** Which device searches: as `SearchEngineOptions.device`. Default: `auto`. */
  readonly device?: string | number;
  /** Threads of the engine, at most. */
  readonly threads?: number;
  /** Bytes that texts and signatures take, at most. Default: half of the machine's memory. */
  readonly maxMemoryBytes?: number;
  /** Absolute paths that are loaded before `open` returns, as a search without flags would see them. */
  readonly roots?: readonly string[];
}

/** What is held, and how well it goes. */
export interface ResidentTreesStats {
  /** Absolute paths that were searched and are watched. */
  readonly trees: readonly string[];
  readonly files: number;
  readonly memoryBytes: number;
  readonly corpora: number;
  readonly listings: number;
  readonly watches: number;
  /** Directories that are compared with the disk before each search. */
  readonly polledDirectories: number;
  /** How often more changed at once than the kernel keeps. */
  readonly overflows: number;
  /** Searches that were answered from memory, and those that read all files from disk. */
  readonly fromMemory: number;
  readonly fromDisk: number;
  /** Files that were read from disk by searches that were answered from memory: new, changed, or not to be held. */
  readonly filesReadFromDisk: number;
  /** What is worse than it should be, and what helps. */
  readonly degraded: readonly string[];
}

/** What the program around it gives. */
export interface ResidentTreesParts {
  /** Called once for each reason for which something is worse than it should be. */
  readonly onDegraded?: (reason: string) => void;
  /** Called before a search reads all its files from disk. What it throws ends the search: nothing was printed then. */
  readonly onDisk?: () => void;
  /** Tests give one whose calls fail. */
  readonly inotify?: Inotify;
}
