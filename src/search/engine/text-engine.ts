/**
 * What every search engine does, wherever it is: `SearchEngine` in this process, and a connection to a daemon. Types
 * only.
 */
import type { HitList } from "../contracts.ts";
import type { SearchOptions } from "./engine-options.ts";
import type { SearchEngineInfo, SearchEngineStats } from "./engine-stats.ts";
import type { Query } from "./query.ts";

/** A question that names no corpus. */
export type TextQuery = Omit<Query, "corpus">;

/** What a search has found. Hits are sorted by file, in the order of the walk, and by offset. */
export interface TextHits extends HitList {
  /** There are more hits than `maxHits` allowed. */
  readonly truncated: boolean;
  /** Files that have hits. */
  readonly fileCount: number;
  /** Files that were not searched, and why. */
  readonly skippedFiles: readonly { readonly path: string; readonly reason: string }[];
  /** From submission to the engine until the answer of its device or its threads was seen, microseconds. */
  readonly roundTripUs: number;
  /** What the engine's host did with the answer, microseconds. */
  readonly verifyUs: number;
  /** Path of a hit's file, as the walk found it. @param index of the hit */
  path(index: number): string;
  /**
   * The line that a hit begins in, without its line feed.
   * @param index of the hit
   * @throws EW_FILE_CHANGED where the file on disk is not what was searched, EW_BAD_ARGUMENT
   */
  lineText(index: number): string;
}

/** One query in flight. */
export interface TextSearch extends AsyncIterable<TextHits> {
  /** Resolves when the result is there. @throws as `TextEngine.search` */
  wait(): Promise<TextHits>;
  /**
   * Gives the hits in runs of whole files, in the order of the final result. Leaving the loop calls the search off.
   * @throws as `wait`
   */
  stream(): AsyncGenerator<TextHits, void, undefined>;
}

/** Searches texts again and again. */
export interface TextEngine extends AsyncDisposable {
  /** What the engine runs on. */
  readonly info: SearchEngineInfo;
  /** What the engine has done so far, and what it holds. An engine in another process is asked for it. */
  stats(): SearchEngineStats | Promise<SearchEngineStats>;
  /**
   * Begins a search and returns at once. Any number of searches may be in flight.
   * @throws EW_BAD_ARGUMENT, EW_CLOSED; EW_BAD_PATTERN here or from `wait`
   */
  submit(query: TextQuery, options?: SearchOptions): TextSearch;
  /**
   * Searches, and waits for the result.
   * @throws EW_BAD_PATTERN, EW_BAD_ARGUMENT, EW_ABORTED, EW_TIMEOUT, EW_CLOSED, EW_DEVICE_LOST, EW_WORKER_DIED
   */
  search(query: TextQuery, options?: SearchOptions): Promise<TextHits>;
  /** Counts hits. @returns the `count` that the result of the search would have @throws as `search` */
  count(query: TextQuery, options?: SearchOptions): Promise<number>;
  /** Ends searches in flight with EW_CLOSED, and frees everything. A second call waits for the first. */
  close(): Promise<void>;
}
