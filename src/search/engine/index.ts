/** Corpora in, queries in, results out, whatever does the work. */
export { AskedPlan } from "./asked-plan.ts";
export type { EngineCorpus, SkippedFile } from "./engine-corpus.ts";
export type {
  BackendChoice,
  CorpusLoadOptions,
  SearchEngineOptions,
  SearchOptions,
} from "./engine-options.ts";
export { loadCorpus } from "./load-corpus.ts";
export { openDevice } from "./open-backend.ts";
export { PreparedPlan } from "./prepared-plan.ts";
export type { Query } from "./query.ts";
export { Search } from "./search.ts";
export { SearchEngine } from "./search-engine.ts";
export type { SearchEngineInfo, SearchEngineStats } from "./engine-stats.ts";
export type { LineTotal } from "./line-counter.ts";
export type { SearchResult } from "./search-result.ts";
