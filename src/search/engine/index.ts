/** Corpora in, queries in, results out, whatever does the work. */
export { AskedPlan } from "./asked-plan.ts";
export type { EngineCorpus, SkippedFile } from "./engine-corpus.ts";
export type {
  BackendChoice,
  BlockingOptions,
  CorpusLoadOptions,
  SearchEngineOptions,
  SearchOptions,
} from "./engine-options.ts";
export { loadCorpus } from "./load-corpus.ts";
export { openDevice } from "./open-backend.ts";
export { PreparedPlan } from "./prepared-plan.ts";
export { assertHit, readTextQuery, searchOptions } from "./arguments.ts";
export type { Query } from "./query.ts";
export { abortedError, SearchLimits, streamedError } from "./search-limits.ts";
export { Search } from "./search.ts";
export { SearchEngine } from "./search-engine.ts";
export { fileChangedError, type SearchResult } from "./search-result.ts";
export type { TextEngine, TextHits, TextQuery, TextSearch } from "./text-engine.ts";
export type { SearchEngineInfo, SearchEngineStats } from "./engine-stats.ts";
export type { LineTotal } from "./line-counter.ts";
