/** Searching the content of one file, line by line or as one text. A sink takes what is found. */
export type { CandidateList } from "./candidates.ts";
export { FileSearch, type ReadingBuffer } from "./file-search.ts";
export type { LineFeedCounter } from "./line-teller.ts";
export { MatchList, countMatches, searchedEnd, searchedStart } from "./match-list.ts";
export { DEFAULT_SEARCHER_OPTIONS, DEFAULT_WINDOW_BYTES, type SearcherOptions } from "./options.ts";
export type { ContextKind, Line, Sink } from "./sink.ts";
