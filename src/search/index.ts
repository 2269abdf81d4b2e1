/** Text search: files are read into memory once, on a device or on the host, and queries are answered from there. */
export {
  type Backend,
  type BackendTicket,
  type LoadedCorpus,
  type RawHits,
  scanPlan,
} from "./backend/index.ts";
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
  type SearchResult,
  type SearchEngineInfo,
  type SearchEngineStats,
  type Query,
  type SearchOptions,
  type SkippedFile,
} from "./engine/index.ts";
export { scanShape, searchPrograms } from "./gpu/index.ts";
export { type CandidateList, DEFAULT_WINDOW_BYTES } from "./searcher/index.ts";
export {
  canonicalEncoding,
  loadDecoder,
  type BinaryMode,
  readDescriptor,
  systemErrorText,
} from "./content/index.ts";
export {
  type ColorSpecs,
  DEFAULT_COLOR_SPECS,
  applyColorSpec,
  showsDetails,
  pathBytes,
  checkReplacement,
  type EngineReport,
  type GrepEngine,
  type GrepMode,
  type GrepOptions,
  type GrepSubject,
  type PrinterMode,
  type SortKey,
  runGrep,
} from "./grep/index.ts";
export {
  type FileIdentity,
  type TypeChange,
  type WalkError,
  type WalkOptions,
  typeListLines,
  walk,
} from "./walk/index.ts";
