/** Text search: files are read into memory once, on a device or on the host, and queries are answered from there. */
export type { Backend, BackendTicket, LoadedCorpus, RawHits } from "./backend/index.ts";
export type { FoundFile, Literal, Plan, HitList } from "./contracts.ts";
export {
  Corpus,
  FILE_FLAGS,
  Placement,
  loadedStamp,
  sameStamp,
  stampOf,
  type FileTable,
  type CorpusOptions,
} from "./corpus/index.ts";
export {
  Search,
  SearchEngine,
  openDevice,
  type BackendChoice,
  type SearchEngineOptions,
  type SearchEngineInfo,
  type SearchResult,
  type Query,
  type SkippedFile,
} from "./engine/index.ts";
export { scanShape, searchPrograms } from "./gpu/index.ts";
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
