/** What may answer in the place of reading files: an engine that has already searched them. */
import type { FoundFile, Plan } from "../contracts.ts";
import type { CandidateList } from "../searcher/index.ts";
import type { EngineReport } from "./printer/index.ts";

/** What is searched for, and where. */
export interface GrepSubject {
  readonly plan: Plan;
  /** All files of the search, in its order; from then on the search goes through this list. */
  readonly listFiles: () => readonly FoundFile[];
}

/** Something that has already searched, and says per file what it found. The place of the GPU and of loaded corpora. */
export interface GrepEngine {
  /**
   * The file as the engine has it, and its hits; undefined where the file is to be opened and searched here.
   * An engine that finds its copy outdated answers undefined too.
   */
  find(file: FoundFile): { bytes: Buffer; hits: CandidateList | undefined } | undefined;
  /** For --stats, when the search is over. */
  report(): EngineReport | undefined;
}

/** Opens an engine for one search, or answers undefined where the files are to be read here. */
export type OpenGrepEngine = (subject: GrepSubject) => Promise<GrepEngine | undefined>;
