/** The one-shot search of the command line: files in, printed text and an exit code out. */
export {
  type FileResult,
  type FileSearcher,
  type FileSearcherArgs,
  createFileSearcher,
  shownFile,
} from "./file-searcher.ts";
