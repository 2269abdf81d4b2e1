/** The one-shot search of the command line: files in, printed text and an exit code out. */
export {
  type FileResult,
  type FileSearcher,
  type FileSearcherArgs,
  createFileSearcher,
  shownFile,
} from "./file-searcher/index.ts";
export type { GrepEngine, GrepSubject, OpenGrepEngine } from "./grep-engine.ts";
export type { GrepMode, GrepOptions, SortKey } from "./options.ts";
export { runGrep } from "./run-grep.ts";
export type { GrepStreams } from "./streams.ts";
export {
  type ColorSpecs,
  DEFAULT_COLOR_SPECS,
  applyColorSpec,
  showsDetails,
  pathBytes,
  checkReplacement,
  type EngineReport,
  type PrinterMode,
} from "./printer/index.ts";
