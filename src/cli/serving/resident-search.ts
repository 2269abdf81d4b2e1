/**
 * The service of the daemon: searches that are answered from trees in memory.
 *
 * Invariant: a search that would read all its files from the disk is left to its client, which does that with all its
 * threads and in its own time. Nothing was printed then.
 */
import {
  type PlannedSearch,
  ResidentTrees,
  type SearchContext,
  type SearchRequest,
  type SearchService,
} from "../../daemon/index.ts";
import { limitHeaps } from "../../threads/index.ts";
import { toGrepOptions } from "../flags/index.ts";
import { exitCodeOf, HeldMessages } from "../terminal/index.ts";
import { type ArgumentReader, planSearch, type SearchPlan } from "./search-plan.ts";

/** Heaps of the C library that all threads share. */
const HEAP_COUNT = 1;

/** Ends a search before it begins; nobody sees it. */
class LeftToClient extends Error {}

/** What a service needs to know of the program around it. */
export interface ResidentSearchOptions {
  readonly readArguments: ArgumentReader;
  /** Is told once of each thing that is worse than it should be. */
  onDegraded(reason: string): void;
}

/** Searches trees in memory. */
export class ResidentSearch implements SearchService {
  readonly trees: ResidentTrees;
  readonly #readArguments: ArgumentReader;

  /** @param trees closed with the service */
  constructor(trees: ResidentTrees, readArguments: ArgumentReader) {
    this.trees = trees;
    this.#readArguments = readArguments;
  }

  /** @throws EW_WATCH_FAILED, and as `SearchEngine.open` */
  static async open(options: ResidentSearchOptions): Promise<ResidentSearch> {
    const onDisk = (): never => {
      throw new LeftToClient();
    };
    limitHeaps(HEAP_COUNT);
    const trees = await ResidentTrees.open(
      {},
      { onDisk, onDegraded: (reason) => options.onDegraded(reason) },
    );
    return new ResidentSearch(trees, options.readArguments);
  }

  plan(request: SearchRequest): PlannedSearch | undefined {
    const plan = planSearch(request, this.#readArguments);
    if (plan === undefined) return undefined;
    const { paths, namesTrees } = plan;
    return { paths, namesTrees, search: (context, signal) => this.#search(plan, context, signal) };
  }

  async #search(
    { flags, messages }: SearchPlan,
    context: SearchContext,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const held = new HeldMessages(context);
    for (const message of messages) held.context.writeError(message);
    let isLeft = false;
    const code = await exitCodeOf(held.context, async () => {
      const options = toGrepOptions(flags, held.context);
      try {
        return await this.trees.search(options, held.context, signal);
      } catch (error) {
        if (!(error instanceof LeftToClient)) throw error;
        isLeft = true;
        return 0;
      }
    });
    if (isLeft) return undefined;
    held.release();
    return code;
  }

  /** A tree is loaded by the first search that looks into it. */
  hold(): void {}

  stats(): object {
    return this.trees.stats();
  }

  close(): Promise<void> {
    return this.trees.close();
  }
}
