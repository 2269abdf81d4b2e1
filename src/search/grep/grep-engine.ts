/** An engine that has already searched the files. It answers in the place of reading them. */
import type { FoundFile, MatcherPlan } from "../contracts.ts";
import type { CandidateList } from "../searcher/index.ts";
import type { EngineReport } from "./printer/index.ts";

/** What is searched for, and in which files. */
export interface GrepSubject {
  readonly plan: MatcherPlan;
  /** Lists all files of the search, in its order. The search then uses the same list. */
  readonly listFiles: () => readonly FoundFile[];
}

/** Has already searched, and says for each file what it found. The GPU and loaded corpora work this way. */
export interface GrepEngine {
  /**
   * The file's bytes and its hits. Undefined if the file must be opened and searched here, also because the
   * engine's copy is out of date.
   */
  find(file: FoundFile): { bytes: Buffer; hits: CandidateList | undefined } | undefined;
  /** What --stats prints about the engine, at the end of the search. */
  report(): EngineReport | undefined;
}

/** Opens an engine for one search. Undefined if the files must be read here. */
export type OpenGrepEngine = (subject: GrepSubject) => Promise<GrepEngine | undefined>;
