/** What a caller may choose when it opens a search engine, and when it asks. Types only. */
import type { BackendChoice as DeviceChoice } from "../../engine/index.ts";
import type { Corpus } from "../corpus/index.ts";

/** What does the work of an engine. */
export interface BackendChoice extends DeviceChoice {
  /** Threads of the host engine, and threads that load, at most. Default: one per core. */
  readonly threads?: number;
  /**
   * Beside a device, the host's threads hold the text too, and answer what they answer sooner: regexes, and searches
   * with very many hits. This takes as much host memory as the text has bytes, and an eighth more with `index`.
   * Default: true on a device with memory of its own, where the text takes no more than half of the host's free memory.
   */
  readonly hostCopy?: boolean;
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

/** How long a call may block. */
export interface BlockingOptions {
  /** Milliseconds after which the call fails with EW_TIMEOUT. Default: 1000. */
  readonly timeoutMs?: number;
}
