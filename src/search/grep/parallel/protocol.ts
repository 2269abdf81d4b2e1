/** The messages between the threads of a one-shot search. */
import type { MessagePort } from "node:worker_threads";
import type { FoundFile } from "../../contracts.ts";
import type { SearchStats } from "../printer/index.ts";
import type { FileSearcherArgs } from "../file-searcher/index.ts";
import type { SharedQueueMemory } from "./shared-queue.ts";

/** What a worker thread starts with. */
export interface ParallelThreadData {
  readonly args: FileSearcherArgs;
  readonly queue: SharedQueueMemory;
  readonly port: MessagePort;
  readonly stopAfterMatch: boolean;
}

/** A file with output, a match or an error. Other files are not reported. */
export interface ToldFile {
  readonly file: FoundFile;
  readonly lengthBytes: number;
  readonly matched: boolean;
  /** Matching lines. */
  readonly count: number;
  readonly wantsSeparator: boolean;
  readonly error: string | undefined;
}

/** A message from a worker thread. */
export type ParallelMessage =
  /** A batch was searched. `output` is the output of its files, one after another. */
  | {
      readonly kind: "batch";
      readonly batch: number;
      readonly files: ToldFile[];
      readonly output: Uint8Array;
    }
  | { readonly kind: "finished"; readonly stats: SearchStats };
