/** Text search: files are read into memory once, on a device or on the host, and queries are answered from there. */
export type { FoundFile, HitList } from "./contracts.ts";
export type { LoadedCorpus } from "./backend/index.ts";
export { Corpus, type CorpusOptions, FILE_FLAGS, type FileTable } from "./corpus/index.ts";
export {
  type CorpusLoadOptions,
  type LineTotal,
  type Query,
  Search,
  SearchEngine,
  type SearchEngineInfo,
  type SearchEngineOptions,
  type SearchEngineStats,
  type SearchOptions,
  type SearchResult,
  type SkippedFile,
} from "./engine/index.ts";
export { scanShape, searchPrograms } from "./gpu/index.ts";
export { DEFAULT_WINDOW_BYTES } from "./searcher/index.ts";
export { type BinaryMode, canonicalEncoding, inDirectory, systemErrorText } from "./content/index.ts";
export {
  applyColorSpec,
  type ColorSpecs,
  DEFAULT_COLOR_SPECS,
  type GrepEngine,
  type Conditions,
  type GrepMode,
  type GrepOptions,
  type GrepStreams,
  type GrepSubject,
  type HeldGrep,
  HYPERLINK_ALIASES,
  type Hyperlinks,
  type LinkPart,
  parseHyperlinkFormat,
  paysOnDevice,
  type PrinterMode,
  runGrep,
  showsDetails,
  type SortKey,
  type Visits,
  type WalkFiles,
} from "./grep/index.ts";
export {
  DISK,
  KeptListing,
  type Listed,
  type WalkError,
  type FileIdentity,
  type TypeChange,
  type WalkOptions,
  type WalkSource,
} from "./walk/index.ts";
