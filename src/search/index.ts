/** The door of search: what other folders may use. */
export {
  type Backend,
  type BackendTicket,
  type LoadedCorpus,
  type RawHits,
  scanPlan,
} from "./backend/index.ts";
export type { FoundFile, Literal, Plan } from "./contracts.ts";
export { Corpus, FILE_FLAGS, loadedStamp, Placement, sameStamp, stampOf } from "./corpus/index.ts";
export {
  type BackendChoice,
  openDevice,
  Search,
  SearchEngine,
  type SearchEngineOptions,
} from "./engine/index.ts";
export { scanShape, searchPrograms } from "./gpu/index.ts";
export { ByteWriter } from "./printer/byte-writer.ts";
export {
  type ColorSpecs,
  DEFAULT_COLOR_SPECS,
  RESET,
  applyColorSpec,
  startSequence,
} from "./printer/color.ts";
export { showsDetails } from "./printer/index.ts";
export { pathBytes } from "./printer/printer.ts";
export { checkReplacement } from "./printer/replace.ts";
export {
  type EngineReport,
  type SearchStats,
  writeStatsBlock,
  writeSummaryMessage,
} from "./printer/stats.ts";
export type { CandidateList } from "./searcher/candidates.ts";
export { canonicalEncoding, loadDecoder } from "./searcher/encoding.ts";
export {
  type FileResult,
  type FileSearcher,
  type FileSearcherArgs,
  createFileSearcher,
  shownFile,
} from "./searcher/file-searcher.ts";
export { type BinaryMode, DEFAULT_WINDOW_BYTES } from "./searcher/options.ts";
export { readDescriptor } from "./searcher/reader.ts";
export { systemErrorText } from "./searcher/system-error.ts";
export {
  type FileIdentity,
  type TypeChange,
  type WalkError,
  type WalkOptions,
  typeListLines,
  walk,
} from "./walk/index.ts";
