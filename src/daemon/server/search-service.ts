/** What the server asks to search: the border between the socket and the trees in memory. */
import type { SearchEngine, TextQuery } from "../../search/index.ts";
import type { TreeHits, TreeScope, TreeState } from "../hits/index.ts";
import type { SearchFacts, SearchRequest } from "../protocol/index.ts";

/** The surroundings of a search: those of the client, whose process is another one. */
export interface SearchContext extends SearchFacts {
  /** Absolute. Relative paths of the arguments begin here. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Never true here: what a client cannot write, it tells itself. */
  readonly messagesLost: boolean;
  /**
   * Writes to the client's standard output. The bytes are copied.
   * @throws a system error with the code EPIPE if the client is gone
   */
  writeOut(bytes: Uint8Array): void;
  /** Writes to the client's standard error. Never throws. */
  writeError(text: string): void;
  /**
   * A search calls it between two files. It goes on when the promise resolves, or at once where there is none. So a
   * client that does not read, and a search that takes long, leave the daemon to the others.
   * @throws a system error with the code EPIPE if the client is gone
   */
  pause(): Promise<void> | undefined;
}

/** A search that was understood, and where it looks. */
export interface PlannedSearch {
  /** Absolute. */
  readonly paths: readonly string[];
  /** The user names these trees with the search (`--daemon auto`). */
  readonly namesTrees: boolean;
  /**
   * Searches as `everwarp search` does.
   * @param signal aborted when nobody waits for the answer any more
   * @returns the exit code; undefined where this cannot be answered here: then nothing was written
   */
  search(context: SearchContext, signal: AbortSignal): Promise<number | undefined>;
}

/** Finds hits for programs. */
export interface TreeFinding {
  load(scope: TreeScope): Promise<TreeState>;
  state(scope: TreeScope): TreeState;
  find(scope: TreeScope, query: TextQuery, signal: AbortSignal): Promise<TreeHits>;
  count(scope: TreeScope, query: TextQuery, signal: AbortSignal): Promise<number>;
}

/** Trees in memory, for programs. */
export interface ServedTrees {
  readonly engine: Pick<SearchEngine, "info" | "stats">;
  readonly finder: TreeFinding;
  /** @returns ends it */
  watch(scope: TreeScope, onChange: () => void): () => void;
}

/** Searches for clients. */
export interface SearchService {
  /** What programs ask. */
  readonly trees: ServedTrees;
  /**
   * Understands a search.
   * @returns undefined for what a daemon does not do: standard input, help, a device of one's own, and programs that a
   * search would start
   * @throws EverwarpError for arguments that are not understood
   */
  plan(request: SearchRequest): PlannedSearch | undefined;
  /** A tree that may be asked for from now on. Whether it is loaded now or later is the service's choice. */
  hold(tree: string): void;
  /** What it holds and has done, for `everwarp serve --status`. */
  stats(): object;
  close(): Promise<void>;
}
