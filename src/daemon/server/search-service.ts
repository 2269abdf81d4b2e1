/** What the server asks to search: the border between the socket and the trees in memory. */
import type { SearchFacts } from "../protocol/index.ts";

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

/** Searches for clients. */
export interface SearchService {
  /**
   * Searches as `everwarp search` does.
   * @param argv the arguments after `everwarp search`
   * @param signal aborted when nobody waits for the answer any more
   * @returns the exit code; undefined where this cannot be answered here: then nothing was written
   */
  search(argv: readonly string[], context: SearchContext, signal: AbortSignal): Promise<number | undefined>;
  /** A tree that may be asked for from now on. Whether it is loaded now or later is the service's choice. */
  hold(tree: string): void;
  /** What it holds and has done, for `everwarp serve --status`. */
  stats(): object;
  close(): Promise<void>;
}
