/** What a caller may choose when it opens a search engine, and when it asks. Types only. */
import type { BackendChoice as DeviceChoice } from "../../engine/index.ts";
import type { Corpus } from "../corpus/index.ts";

/** What does the work of an engine. */
export interface BackendChoice extends DeviceChoice {
  /** Threads of the host engine, and threads that load, at most. Default: one per core. */
  readonly threads?: number;
}

/** Options of `SearchEngine.open`. */
export interface SearchEngineOptions extends BackendChoice {
  /** What is searched. With `corpora`, this is the first one. More can be added later. */
  readonly corpus?: Corpus;
  readonly corpora?: readonly Corpus[];
  /**
   * Signatures of the text are made and kept, by which searches for literals pass over most of it. They take an eighth
   * of the text's memory. Default: true.
   */
  readonly index?: boolean;
}

/** Options of `SearchEngine.addCorpus`. */
export interface CorpusLoadOptions {
  /** As in `SearchEngine.open`, for this corpus. Default: as the engine was opened. */
  readonly index?: boolean;
}

/** Limits of one search. */
export interface SearchOptions {
  /** Calls the search off: it fails with EW_ABORTED at once. What was not sent by then is never sent. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the search is called off and fails with EW_TIMEOUT. Default: no limit. */
  readonly timeoutMs?: number;
}
