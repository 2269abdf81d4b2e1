/**
 * Decides which searches are answered here, and has them answered.
 *
 * Guarantee: a search that is not answered here was declined before any byte of its output was sent. The one exception
 * is a fault of the service itself, and `failed` tells it.
 */
import { existsSync } from "node:fs";
import { EverwarpError } from "../../base/index.ts";
import { type Decline, decodeRequest, isOfThisVersion, type SearchRequest } from "../protocol/index.ts";
import type { Answer } from "./answer.ts";
import type { NamedTrees } from "./named-trees.ts";
import type { SearchContext, SearchService } from "./search-service.ts";

/** So many searches run at a time. A client that does not read its answer has one of them. */
const RUNNING_MAX = 128;

/** Where a search looks. */
export interface SearchScope {
  /** Absolute. */
  readonly paths: readonly string[];
  /** The user names these trees with the search (`--daemon auto`). */
  readonly namesTrees: boolean;
}

/** What is needed to decide. */
export interface DeskOptions {
  /** The version of the package. Clients of another one are declined. */
  readonly version: string;
  readonly service: SearchService;
  /**
   * Where a search looks. Undefined for what a daemon does not do: standard input, help, a device of one's own, and
   * programs that a search would start.
   * @throws EverwarpError for arguments that are not understood
   */
  scopeOf(request: SearchRequest): SearchScope | undefined;
}

const NOT_HELD: Decline = { reason: "notHeld", text: "" };

/** Answers searches. */
export class SearchDesk {
  readonly counts = { answered: 0, declined: 0, cancelled: 0, failed: 0 };
  readonly #options: DeskOptions;
  readonly #trees: NamedTrees;
  readonly #running = new Set<AbortController>();

  constructor(options: DeskOptions, trees: NamedTrees) {
    this.#options = options;
    this.#trees = trees;
  }

  /** Searches that run now. */
  get running(): number {
    return this.#running.size;
  }

  /** Calls off all searches that run. */
  cancelAll(): void {
    for (const each of this.#running) each.abort();
  }

  /**
   * Answers one search, or declines it.
   * @param isGone aborted when the client is gone
   * @throws EW_DAEMON_PROTOCOL for what is no request
   */
  async answer(payload: Uint8Array, answer: Answer, isGone: AbortSignal): Promise<void> {
    const request = this.#read(payload);
    if ("reason" in request) {
      this.counts.declined++;
      return answer.decline(request);
    }
    const cancel = new AbortController();
    const onGone = (): void => cancel.abort();
    isGone.addEventListener("abort", onGone);
    this.#running.add(cancel);
    try {
      answer.accept();
      await this.#run(request, answer, cancel.signal);
    } finally {
      this.#running.delete(cancel);
      isGone.removeEventListener("abort", onGone);
    }
  }

  #read(payload: Uint8Array): SearchRequest | Decline {
    const { version } = this.#options;
    if (!isOfThisVersion(payload)) return otherVersion(version, "another protocol");
    const request = decodeRequest(payload);
    if (request === undefined) return NOT_HELD;
    if (request.clientVersion !== version) return otherVersion(version, request.clientVersion);
    if (this.#running.size >= RUNNING_MAX) return { reason: "busy", text: "" };
    return this.#isHeld(request) ? request : NOT_HELD;
  }

  #isHeld(request: SearchRequest): boolean {
    let scope: SearchScope | undefined;
    try {
      scope = this.#options.scopeOf(request);
    } catch (error) {
      // The client finds the same error in its own arguments, and tells it.
      if (error instanceof EverwarpError) return false;
      throw error;
    }
    if (scope === undefined) return false;
    if (scope.namesTrees) this.#nameTreesOf(scope.paths);
    return this.#trees.hold(scope.paths);
  }

  #nameTreesOf(paths: readonly string[]): void {
    for (const path of paths) {
      const tree = existsSync(path) ? this.#trees.add(path) : undefined;
      if (tree !== undefined) this.#options.service.hold(tree);
    }
  }

  async #run(request: SearchRequest, answer: Answer, signal: AbortSignal): Promise<void> {
    try {
      const code = await this.#options.service.search(request.argv, contextOf(request, answer), signal);
      if (answer.isOver || signal.aborted) return this.#cancelled(answer);
      if (code === undefined) {
        this.counts.declined++;
        answer.decline(answer.hasOutput ? { reason: "failed", text: "the search ended early" } : NOT_HELD);
      } else {
        this.counts.answered++;
        answer.exit(code);
      }
    } catch (error) {
      if (answer.isOver || signal.aborted) return this.#cancelled(answer);
      this.counts.failed++;
      answer.decline({ reason: "failed", text: error instanceof Error ? error.message : String(error) });
    }
  }

  /** The client is gone, or the daemon ends. */
  #cancelled(answer: Answer): void {
    this.counts.cancelled++;
    answer.decline({ reason: answer.hasOutput ? "failed" : "ending", text: "the daemon ended" });
  }
}

function otherVersion(version: string, clientVersion: string): Decline {
  return {
    reason: "otherVersion",
    text:
      `the daemon is of version ${version}, and this is ${clientVersion}; searching without it. ` +
      "everwarp serve --stop ends the daemon.",
  };
}

function contextOf({ cwd, env, facts }: SearchRequest, answer: Answer): SearchContext {
  return {
    ...facts,
    cwd,
    env,
    messagesLost: false,
    writeOut: (bytes) => answer.writeOut(bytes),
    writeError: (text) => answer.writeError(text),
    pause: () => answer.pause(),
  };
}
