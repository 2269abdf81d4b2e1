/**
 * The border between the screen and whatever finds hits. Types only.
 *
 * `TreeSource` finds them in a tree, for tests hits can come from anywhere.
 */

/** What is asked at every key. */
export interface LiveQuery {
  readonly pattern: string;
  readonly isRegex: boolean;
  readonly isWord: boolean;
  readonly caseMode: "smart" | "sensitive" | "ignore";
}

/** Which of a tree's files are searched. */
export interface TreeChoice {
  readonly isHidden: boolean;
  /** As ripgrep's `-g`. */
  readonly globs: readonly string[];
}

/** Bytes of a line that match, counted from the beginning of its excerpt. */
export interface MatchRange {
  readonly begin: number;
  readonly end: number;
}

/** A line, or a part of a long one. */
export interface LineExcerpt {
  /** From 1. */
  readonly line: number;
  readonly bytes: Uint8Array;
  readonly matches: readonly MatchRange[];
  /** There is more of the line on this side. */
  readonly isCutBefore: boolean;
  readonly isCutAfter: boolean;
}

/** A line with at least one hit. */
export interface HitLine {
  /** Index of the line's first hit. */
  readonly hit: number;
  /** How many hits begin in the line. */
  readonly hitCount: number;
  /** Index of the file, for comparisons. */
  readonly file: number;
  readonly line: number;
  /** Byte column of the first hit, from 1. */
  readonly column: number;
}

/** The hits of one query, at most so many as a list is long. */
export interface LiveHits {
  /** Hits here. */
  readonly count: number;
  /** There are more hits than these. */
  readonly isTruncated: boolean;
  /** Lines with hits, by file and line. */
  readonly lines: readonly HitLine[];
  /** Microseconds from the question to the engine's answer. */
  readonly engineUs: number;
  /** The path of a line's file. U+FFFD stands for bytes that are not UTF-8. */
  path(line: HitLine): string;
  /** The bytes of that path. */
  pathBytes(line: HitLine): Buffer;
  /** @returns undefined where the text is not there any more: the file has changed on disk */
  excerpt(line: HitLine): LineExcerpt | undefined;
  /** Lines around a hit, as far as they are there. */
  around(line: HitLine, before: number, after: number): readonly LineExcerpt[];
}

/** What is searched, and by what. */
export interface SourceFacts {
  readonly fileCount: number;
  readonly contentBytes: number;
  /** For people: "NVIDIA H200", "8 threads". */
  readonly device: string;
}

/** What a source tells without being asked. */
export interface SourceEvents {
  /** Other contents are searched from now on: ask again. */
  onChanged(): void;
  /** Something went wrong that nobody asked for. */
  onNotice(text: string): void;
}

/** Finds hits. See the head of this file. */
export interface HitSource {
  /** Undefined until the first files are loaded. */
  readonly facts: SourceFacts | undefined;
  /** Begins to load the files, and to watch them. @throws errors of the walk and of the engine */
  open(choice: TreeChoice, events: SourceEvents): Promise<void>;
  /** Searches other files of the tree from now on. Until they are loaded, the ones before are. */
  choose(choice: TreeChoice): Promise<void>;
  /**
   * At most `maxHits` hits.
   * @throws EW_BAD_PATTERN; EW_ABORTED where the signal came first
   */
  search(query: LiveQuery, maxHits: number, signal: AbortSignal): Promise<LiveHits>;
  /** How many hits there are. @throws as `search` */
  count(query: LiveQuery, signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
}
