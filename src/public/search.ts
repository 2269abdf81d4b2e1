/** `everwarp/search`: text search over files that are kept in memory, on a GPU or on the host's threads. */
export * from "./errors.ts";
export { Device } from "../vulkan/index.ts";
export {
  Corpus,
  SearchEngine,
  type FileTable,
  type WalkError,
  type SearchEngineInfo,
  type SearchResult,
  type Search,
  type FoundFile,
  type CorpusLoadOptions,
  type CorpusOptions,
  type LineTotal,
  type Query,
  type SearchEngineOptions,
  type HitList,
  type FileIdentity,
  type TypeChange,
  type SkippedFile,
  type SearchEngineStats,
  type SearchOptions,
  type BlockingOptions,
  type TextEngine,
  type TextHits,
  type TextQuery,
  type TextSearch,
} from "../search/index.ts";
export type { DeviceChoice } from "../engine/index.ts";
