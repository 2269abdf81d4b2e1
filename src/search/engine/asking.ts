/**
 * Whom a search asks, and for what. A first answer can be of no use, and then the search is sent once more:
 *
 *   the device has too many hits to bring back   ──▶ the host's threads are asked
 *   the count alone does not answer the question ──▶ the hits are asked for
 */
import { AskedPlan } from "./asked-plan.ts";
import type { EngineCorpus } from "./engine-corpus.ts";
import type { PreparedQuery } from "./query.ts";
import { routeOf } from "./route.ts";

/** What a search wants. */
export interface Wishes {
  readonly maxHits: number;
  /** Lines and columns will be wanted. */
  readonly isLocated: boolean;
  /** Only the count of hits is wanted. */
  readonly isCountOnly: boolean;
  /** Threads of the host that search, at most. */
  readonly threads: number;
}

/** See the head of this file. */
export class Asking {
  readonly #query: PreparedQuery;
  readonly #wishes: Wishes;
  #held: EngineCorpus;
  #corpus: EngineCorpus;
  #plan: AskedPlan | undefined;
  #hadTooManyHits = false;
  #needsHits = false;

  constructor(held: EngineCorpus, query: PreparedQuery, wishes: Wishes) {
    this.#held = held;
    this.#corpus = held;
    this.#query = query;
    this.#wishes = wishes;
  }

  /** The corpus as the engine holds it. */
  get held(): EngineCorpus {
    return this.#held;
  }

  /** The corpus as it is held by who was asked: the same, or its copy on the host's threads. */
  get corpus(): EngineCorpus {
    return this.#corpus;
  }

  /** What was asked; undefined before that, and after `forget`. */
  get plan(): AskedPlan | undefined {
    return this.#plan;
  }

  /** Asks. @param held the corpus as the engine holds it @throws as `AskedPlan.ask` */
  send(held: EngineCorpus): void {
    const { maxHits, isLocated, threads } = this.#wishes;
    const query = this.#query;
    const isCountOnly = this.#wishes.isCountOnly && !this.#needsHits;
    const hadTooManyHits = this.#hadTooManyHits;
    const route = routeOf(held, { query, isCountOnly, maxHits, threads, hadTooManyHits });
    this.#held = held;
    this.#corpus = route.corpus;
    const { prepared, tooManyHits } = route;
    this.#plan = AskedPlan.ask(route.corpus, prepared, { isLocated, isCountOnly, maxHits, tooManyHits });
  }

  /** What was asked is in vain. */
  forget(): void {
    this.#plan = undefined;
  }

  /** Has the answer too many hits? Then the search has to be sent once more. */
  hasTooManyHits(): boolean {
    if (this.#plan?.hasTooManyHits !== true) return false;
    if (this.#plan.plan.kind === "lines") this.#held.manyLines.add(this.#query);
    this.#hadTooManyHits = true;
    return true;
  }

  /** Is the answer a count where hits are needed? Then the search has to be sent once more. */
  lacksHits(): boolean {
    if (this.#plan?.isCountOnly !== true) return false;
    this.#needsHits = true;
    return true;
  }
}
