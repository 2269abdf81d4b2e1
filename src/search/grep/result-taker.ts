/** Whoever takes the results of files, one file after another: the printer, or what stands before it. */
import type { FoundFile } from "../contracts.ts";
import type { FileResult } from "./file-searcher/index.ts";

/** Takes the results of files. */
export interface ResultTaker {
  /**
   * Takes a file's result.
   * @param text what the file prints. Valid only during the call
   * @returns false to end the search
   */
  take(file: FoundFile, text: Uint8Array, result: FileResult): boolean;
  /** So many matching lines of the next file are wanted at most. Undefined: all. */
  readonly wantedLines?: number;
}
