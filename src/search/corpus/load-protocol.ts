/** What the main thread and its loader threads say to each other. */
import type { LoadOptions } from "./file-loader.ts";
import type { FileTableMemory } from "./file-table.ts";
import type { LoadError, PlacementMemory } from "./placement.ts";
import type { SinkWindow } from "./sink.ts";

/** Files that a thread takes at a time; they lie one after another in memory and make one unit of a search. */
export const LOAD_BATCH_FILES = 64;

/** What a loader thread is started with. */
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

/** What a loader thread has loaded. */
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

/** From the main thread to a loader thread: the window that it asked for. */
export interface LoaderReply {
  readonly window: SinkWindow;
}
