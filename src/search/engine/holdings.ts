/**
 * The backends of an engine, and the corpora that they hold.
 *
 *   add(corpus) ──▶ first backend with room ──▶ EngineCorpus
 *   a backend is lost ──▶ opened again (or the host instead) ──▶ its corpora are loaded again
 *
 * Invariants:
 * - Exactly one of these backends holds a corpus. The host's threads may hold a copy (`host-copies.ts`).
 * - Loads and recoveries happen one after the other. So corpora are in the order in which they were added.
 * - While a corpus `isLost`, no search asks it.
 */
import { EverwarpError } from "../../base/index.ts";
import { mayContinueOnHost, mayFallBack } from "../../engine/index.ts";
import type { Backend } from "../backend/index.ts";
import type { Corpus } from "../corpus/index.ts";
import type { EngineCorpus } from "./engine-corpus.ts";
import type { BackendChoice } from "./engine-options.ts";
import { HostCopies } from "./host-copies.ts";
import { loadCorpus } from "./load-corpus.ts";
import { type OpenedBackend, openBackend, openHost } from "./open-backend.ts";

/** What an engine holds. See the head of this file. */
export class Holdings {
  readonly #choice: BackendChoice;
  /** The first backend is the one that was chosen; others hold what it had no room for. */
  readonly #backends: OpenedBackend[];
  readonly #corpora = new Map<Corpus, EngineCorpus>();
  readonly #copies: HostCopies;
  #first: EngineCorpus | undefined;
  /** Loads and recoveries, one after the other. */
  #changes: Promise<unknown> = Promise.resolve();
  #recoveryCount = 0;
  /** Answers that the engine had given when a device was lost last. */
  #answersAtLoss = -1;
  /** Why nothing can be searched any more. */
  #failure: EverwarpError | undefined;
  #isClosing = false;

  private constructor(choice: BackendChoice, opened: OpenedBackend) {
    this.#choice = choice;
    this.#backends = [opened];
    this.#copies = new HostCopies(choice);
  }

  /** Opens the backend that was chosen. @throws as `openBackend` */
  static async open(choice: BackendChoice): Promise<Holdings> {
    return new Holdings(choice, await openBackend(choice));
  }

  /** The backend that was chosen. */
  get main(): OpenedBackend {
    return this.#backends[0] as OpenedBackend;
  }

  /** The corpora, in the order in which they were added. */
  get corpora(): ReadonlyMap<Corpus, EngineCorpus> {
    return this.#corpora;
  }

  /** How often a device was lost and its corpora loaded again. */
  get recoveryCount(): number {
    return this.#recoveryCount;
  }

  /** The corpus as it is held now; the first one where none is named. Undefined: it is not held. */
  find(corpus: Corpus | undefined): EngineCorpus | undefined {
    return corpus === undefined ? this.#first : this.#corpora.get(corpus);
  }

  /** @throws EW_DEVICE_LOST where a device was lost and nothing could replace it */
  assertReachable(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A device that is lost and was not replaced so far. */
  get lostBackend(): Backend | undefined {
    return this.#backends.find(({ backend }) => backend.info.kind === "device" && backend.isLost)?.backend;
  }

  /** Loads a corpus, unless it is held already. @throws as `SearchEngine.addCorpus` */
  add(corpus: Corpus, index: boolean): Promise<void> {
    return this.#change(async () => {
      this.assertReachable();
      if (this.#isClosing || this.#corpora.has(corpus)) return;
      const held = await this.#place(corpus, index);
      this.#corpora.set(corpus, held);
      this.#first ??= held;
    });
  }

  /** Gives up a corpus and its memory. */
  async remove(held: EngineCorpus): Promise<void> {
    this.#corpora.delete(held.corpus);
    this.#first = this.#corpora.values().next().value;
    held.remove();
    if (!held.isLost) await held.loaded.unload();
    await held.copy?.loaded.unload();
  }

  /**
   * A backend was lost: opens it again and loads its corpora again. Only the first call for a backend does something.
   * @param reason what it was lost with
   * @param answerCount answers that the engine has given so far
   * @param done called when searches can be sent again, or have no hope any more
   */
  recover(lost: Backend, reason: EverwarpError, answerCount: number, done: () => void): void {
    const corpora = [...this.#corpora.values()].filter(({ backend }) => backend === lost);
    const isKnown = this.#backends.some(({ backend }) => backend === lost);
    if (!isKnown || this.#isClosing || this.#failure !== undefined || corpora.some(({ isLost }) => isLost))
      return;
    for (const held of corpora) held.isLost = true;
    const isRepeated = this.#answersAtLoss === answerCount;
    this.#answersAtLoss = answerCount;
    this.#change(() => this.#replace(lost, reason, isRepeated))
      .catch((cause: unknown) => {
        this.#failure ??= new EverwarpError("EW_DEVICE_LOST", "the device was lost, and does not come back", {
          remedy: "Open a new engine.",
          cause,
        });
      })
      .finally(done);
  }

  /** Gives back the memory that only searches need. */
  trim(forgets: boolean): void {
    for (const { backend } of this.#backends) backend.trim?.(forgets);
    this.#copies.trim(forgets);
  }

  /** Frees everything. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#changes.catch(() => undefined); // its caller has been told
    for (const corpus of this.#corpora.values()) corpus.remove();
    this.#corpora.clear();
    this.#first = undefined;
    for (const { backend } of this.#backends) await backend.close();
    await this.#copies.close();
  }

  #change<T>(body: () => Promise<T>): Promise<T> {
    const change = this.#changes
      .catch(() => undefined) // its caller has been told
      .then(body);
    this.#changes = change;
    return change;
  }

  /**
   * Loads a corpus into the first backend that takes it; where the device was left to us, the host takes what it does
   * not.
   * @param copy the corpus as the host's threads hold it already
   */
  async #place(corpus: Corpus, index: boolean, copy?: EngineCorpus): Promise<EngineCorpus> {
    let refusal: EverwarpError | undefined;
    for (const { backend } of this.#backends) {
      try {
        return await this.#load(backend, corpus, index, copy);
      } catch (error) {
        if (backend.info.kind !== "device" || !mayContinueOnHost(this.#choice, error)) throw error;
        refusal = error;
      }
    }
    const host = await openHost(this.#choice, refusal?.message);
    const held = await this.#loadOrClose(host, corpus, index);
    if (this.#corpora.size > 0) this.#backends.push(host);
    else {
      // With nothing on the device, the device is not needed.
      for (const { backend } of this.#backends.splice(0, Infinity, host)) await backend.close();
    }
    return held;
  }

  /** Loads a corpus into a backend, and before that into the host's memory where both are to hold it. */
  async #load(
    backend: Backend,
    corpus: Corpus,
    index: boolean,
    known: EngineCorpus | undefined,
  ): Promise<EngineCorpus> {
    const copy = await this.#copies.load(backend, corpus, index, known);
    try {
      return await loadCorpus(backend, corpus, this.#choice.threads, { index }, copy);
    } catch (error) {
      await copy?.loaded.unload();
      throw error;
    }
  }

  async #loadOrClose(host: OpenedBackend, corpus: Corpus, index: boolean): Promise<EngineCorpus> {
    try {
      return await loadCorpus(host.backend, corpus, this.#choice.threads, { index });
    } catch (error) {
      await host.backend.close();
      throw error;
    }
  }

  /** @param isRepeated nothing was answered since the last loss */
  async #replace(lost: Backend, reason: EverwarpError, isRepeated: boolean): Promise<void> {
    if (this.#backends.every(({ backend }) => backend !== lost)) return; // another call has replaced it
    await lost.close().catch(() => undefined); // what a lost device says on its way out is no news
    if (this.#isClosing) return;
    const isHostNext = isRepeated && mayFallBack(this.#choice);
    const opened = await (isHostNext ? openHost(this.#choice, reason.message) : openBackend(this.#choice));
    this.#backends[this.#backends.findIndex(({ backend }) => backend === lost)] = opened;
    for (const [corpus, held] of this.#corpora) {
      if (held.backend !== lost || this.#isClosing) continue;
      const replaced = await this.#place(corpus, held.isIndexed, held.copy);
      if (this.#corpora.get(corpus) === held) {
        this.#corpora.set(corpus, replaced);
        if (this.#first === held) this.#first = replaced;
        if (replaced.copy !== held.copy) await held.copy?.loaded.unload();
      } else {
        // It was removed meanwhile.
        await replaced.loaded.unload();
        await replaced.copy?.loaded.unload();
      }
    }
    this.#recoveryCount++;
  }
}
