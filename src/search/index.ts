/** The door of search: what other folders may use. */
export type { Backend, BackendTicket, LoadedCorpus, RawHits } from "./backend.ts";
export type { FoundFile, Literal, Plan } from "./contracts.ts";
export { Corpus } from "./corpus/corpus.ts";
export { FILE_FLAGS, Placement } from "./corpus/placement.ts";
export { loadedStamp, sameStamp, stampOf } from "./corpus/read-content.ts";
export { SearchEngine, type SearchEngineOptions } from "./engine.ts";
export { type BackendChoice, assertNoStrategy, mayFallBack, openDevice } from "./engine/open-backend.ts";
export { Search } from "./engine/search.ts";
export { scanShape } from "./gpu/scan-shape.ts";
export { searchPrograms } from "./gpu/search-programs.ts";
export {
  ByteWriter,
  type ColorSpecs,
  DEFAULT_COLOR_SPECS,
  RESET,
  applyColorSpec,
  startSequence,
  showsDetails,
  pathBytes,
  checkReplacement,
  type EngineReport,
  type SearchStats,
  writeStatsBlock,
  writeSummaryMessage,
} from "./grep/printer/index.ts";
export { type CandidateList, DEFAULT_WINDOW_BYTES } from "./searcher/index.ts";
export {
  canonicalEncoding,
  loadDecoder,
  type BinaryMode,
  readDescriptor,
  systemErrorText,
} from "./content/index.ts";
export {
  type FileResult,
  type FileSearcher,
  type FileSearcherArgs,
  createFileSearcher,
  type GrepEngine,
  type GrepMode,
  type GrepOptions,
  type GrepStreams,
  type GrepSubject,
  type OpenGrepEngine,
  type SortKey,
  runGrep,
  shownFile,
} from "./grep/index.ts";
export {
  type FileIdentity,
  type TypeChange,
  type WalkError,
  type WalkOptions,
  typeListLines,
  walk,
} from "./walk/index.ts";
