/**
 * Makes the bit planes of a corpus behind the first regex, so that later ones are answered by them.
 *
 *   a regex is asked ──▶ … answered, nothing is in flight ──▶ busy: the host's threads are asked ──▶ planes are there
 *
 * The planes take as much device memory as the text. Where there is no room, there are none.
 */
import type { EngineCorpus } from "./engine-corpus.ts";
import type { PreparedQuery } from "./query.ts";
import { planesPay } from "./route.ts";

/** How often, and how many times, it is looked whether nothing is in flight. */
const LOOK_MS = 10;
const LOOKS_MAX = 500;

/** What a maker needs of its engine. */
export interface PlaneMakerParts {
  readonly threads: number;
  /** Corpora that are held, by whatever backend. */
  corpora(): Iterable<EngineCorpus>;
  /** Is no search in flight or pending? */
  isIdle(): boolean;
  isClosing(): boolean;
}

/** See the head of this file. */
export class PlaneMaker {
  readonly #parts: PlaneMakerParts;
  /** Corpora whose planes were made, are being made, or cannot be made. */
  readonly #seen = new WeakSet<EngineCorpus>();
  #making: Promise<void> | undefined;

  constructor(parts: PlaneMakerParts) {
    this.#parts = parts;
  }

  /** A query is asked of a corpus. */
  asked(corpus: EngineCorpus, query: PreparedQuery): void {
    if (this.#making !== undefined || corpus.copy === undefined || this.#seen.has(corpus)) return;
    const { kind } = query.plan;
    if (kind === "literals" || kind === "nothing" || !planesPay(corpus, this.#parts.threads)) return;
    this.#making = this.#makeWhenIdle(corpus, query).finally(() => (this.#making = undefined));
  }

  async #makeWhenIdle(corpus: EngineCorpus, query: PreparedQuery): Promise<void> {
    for (let look = 0; look < LOOKS_MAX; look++) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS).unref());
      if (this.#parts.isClosing() || corpus.isRemoved || corpus.isLost) return;
      if (this.#parts.isIdle()) return this.#make(corpus, query);
    }
  }

  async #make(corpus: EngineCorpus, query: PreparedQuery): Promise<void> {
    const { backend } = corpus;
    const { program } = query.planes;
    const others = [...this.#parts.corpora()].filter((each) => each.backend === backend);
    // What the device alone holds would have to wait.
    if (program === undefined || others.some(({ copy }) => copy === undefined)) return;
    this.#seen.add(corpus);
    for (const each of others) each.isBusy = true;
    try {
      await backend.countLines?.(program, corpus.loaded).wait();
    } catch {
      // The planes are not there, so nothing is asked of them. A lost device is found by the next search.
    } finally {
      for (const each of others) each.isBusy = false;
    }
  }
}
