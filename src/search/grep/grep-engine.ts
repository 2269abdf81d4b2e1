/** An engine that has already searched the files. It answers in the place of reading them. */
import type { FoundFile, MatcherPlan } from "../contracts.ts";
import type { CandidateList } from "../searcher/index.ts";
import type { EngineReport } from "./printer/index.ts";

/** What is searched for, and in which files. */
export interface GrepSubject {
  readonly plan: MatcherPlan;
  /** Lists all files of the search, in its order. The search then uses the same list. */
  readonly listFiles: () => readonly FoundFile[];
  /** Can a match be empty? */
  readonly mayMatchEmpty: () => boolean;
}

/** The files of a search that may print something, where an engine knows them. */
export interface Visits {
  /** Only these are asked for, in this order. */
  readonly files: Iterable<FoundFile>;
  /** The search has files, visited or not. */
  readonly hasFiles: boolean;
  /** What the statistics count of the files that are passed over: how many, and the bytes of their texts. */
  readonly passedOver: { readonly searches: number; readonly bytesSearched: number };
}

/** Has already searched, and says for each file what it found. The GPU and loaded corpora work this way. */
export interface GrepEngine {
  /**
   * The file's bytes and its hits. Undefined if the file must be opened and searched here, also because the
   * engine's copy is out of date.
   */
  find(file: FoundFile): { bytes: Buffer; hits: CandidateList | undefined } | undefined;
  /** Undefined where every file has something to print. */
  readonly visits?: Visits | undefined;
  /** What --stats prints about the engine, at the end of the search. */
  report(): EngineReport | undefined;
}

/** Opens an engine for one search. Undefined if the files must be read here. */
export type OpenGrepEngine = (subject: GrepSubject) => Promise<GrepEngine | undefined>;
