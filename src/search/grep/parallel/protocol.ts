/** What the threads of a one-shot search say to each other. */
import type { MessagePort } from "node:worker_threads";
import type { FoundFile } from "../../contracts.ts";
import type { SearchStats } from "../printer/index.ts";
import type { FileSearcherArgs } from "../file-searcher/index.ts";
import type { SharedQueueMemory } from "./shared-queue.ts";

export interface ParallelThreadData {
  readonly args: FileSearcherArgs;
  readonly queue: SharedQueueMemory;
  readonly port: MessagePort;
  readonly stopAfterMatch: boolean;
}

/** A file that has output, matched or failed; the others are not told. */
export interface ToldFile {
  readonly file: FoundFile;
  readonly lengthBytes: number;
  readonly matched: boolean;
  readonly wantsSeparator: boolean;
  readonly error: string | undefined;
}

export type ParallelMessage =
  /** `output`: of the batch's files, one after another. */
  | {
      readonly kind: "batch";
      readonly batch: number;
      readonly files: ToldFile[];
      readonly output: Uint8Array;
    }
  | { readonly kind: "finished"; readonly stats: SearchStats };
