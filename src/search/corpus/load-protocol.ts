/** The messages between the main thread and its loader threads. */
import type { LoadOptions } from "./file-loader.ts";
import type { FileTableMemory } from "./file-table.ts";
import type { LoadError, PlacementMemory } from "./placement.ts";
import type { SinkWindow } from "./sink.ts";

/** Number of files that a thread takes at a time. They are contiguous in memory and form one unit of a search. */
export const LOAD_BATCH_FILES = 64;

/** The job of a loader thread. */
export interface LoadJob {
  readonly files: FileTableMemory;
  readonly columns: PlacementMemory;
  /** Files that a thread takes at a time, at most `LOAD_BATCH_FILES`. */
  readonly batchFiles: number;
  /** One i32: the next file that no thread has taken. */
  readonly cursor: SharedArrayBuffer;
  readonly chunkBytes: number;
  readonly maxPlaceBytes: number;
  readonly options: LoadOptions;
}

/** The result of a loader thread. */
export interface LoadResult {
  readonly runs: Uint32Array;
  readonly errors: readonly LoadError[];
  readonly contentBytes: number;
  readonly loadedCount: number;
}

/** From a loader thread to the main thread. */
export type LoaderMessage =
  | { kind: "reserve"; lengthBytes: number }
  | { kind: "open"; segment: number; offsetBytes: number; lengthBytes: number }
  | { kind: "commit"; window: SinkWindow; usedBytes: number }
  | { kind: "done"; result: LoadResult };

/** From the main thread to a loader thread: the requested window. */
export interface LoaderReply {
  readonly window: SinkWindow;
}
