/** Searching one file after another and printing what is found, in one thread. */
export type { Conditions, FileSearcherArgs } from "./args.ts";
export { type FileResult, type FileSearcher, createFileSearcher, shownFile } from "./file-searcher.ts";
