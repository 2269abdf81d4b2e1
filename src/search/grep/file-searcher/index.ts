/** Searching one file after another and printing what is found, in one thread. */
export {
  type FileResult,
  type FileSearcher,
  type FileSearcherArgs,
  createFileSearcher,
  shownFile,
} from "./file-searcher.ts";
