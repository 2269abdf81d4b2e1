/**
 * Corpora that the host's threads hold beside a device.
 *
 *   files ──read once──▶ host memory ──copied──▶ device memory
 *
 * A device answers searches for rare text in microseconds. The host's threads answer regexes, and searches with very
 * many hits, sooner than a device and the way back from it. `route.ts` tells who is asked.
 */
import { EverwarpError } from "../../base/index.ts";
import type { Backend } from "../backend/index.ts";
import { type Corpus, estimatedBytes } from "../corpus/index.ts";
import type { EngineCorpus } from "./engine-corpus.ts";
import type { BackendChoice } from "./engine-options.ts";
import { loadCorpus } from "./load-corpus.ts";
import { openHost } from "./open-backend.ts";

/** The part of the host's free memory that copies may take, where nobody asked for them. */
const FREE_MEMORY_PART = 0.5;

/** See the head of this file. */
export class HostCopies {
  readonly #choice: BackendChoice;
  #host: Backend | undefined;

  constructor(choice: BackendChoice) {
    this.#choice = choice;
  }

  /**
   * Loads a corpus into host memory, where a backend's texts are to be there too.
   * @param known the copy of a device that was lost
   * @returns undefined where they are not
   * @throws EW_OUT_OF_HOST_MEMORY, EW_NO_THREAD where `hostCopy` was asked for
   */
  async load(
    backend: Backend,
    corpus: Corpus,
    index: boolean,
    known: EngineCorpus | undefined,
  ): Promise<EngineCorpus | undefined> {
    const { hostCopy, threads } = this.#choice;
    const isWanted = hostCopy ?? backend.hasOwnMemory;
    if (!isWanted || backend.info.kind !== "device") return undefined;
    if (known?.backend.isLost === false) return known;
    const maxHostBytes =
      hostCopy === true ? Infinity : Math.floor(process.availableMemory() * FREE_MEMORY_PART);
    if (hostCopy !== true && estimatedBytes(corpus.files) > maxHostBytes) return undefined;
    try {
      const host = await this.#opened();
      const { maxPlaceBytes } = backend;
      return await loadCorpus(host, corpus, threads, { index, maxPlaceBytes, maxHostBytes });
    } catch (error) {
      if (hostCopy !== true && isForWantOfRoom(error)) return undefined;
      throw error;
    }
  }

  trim(forgets: boolean): void {
    this.#host?.trim?.(forgets);
  }

  /** Frees everything. */
  async close(): Promise<void> {
    await this.#host?.close();
    this.#host = undefined;
  }

  async #opened(): Promise<Backend> {
    if (this.#host?.isLost === true) await this.close();
    return (this.#host ??= (await openHost(this.#choice, undefined)).backend);
  }
}

const ROOM_CODES: readonly string[] = ["EW_OUT_OF_HOST_MEMORY", "EW_CORPUS_TOO_LARGE", "EW_NO_THREAD"];

function isForWantOfRoom(error: unknown): boolean {
  return error instanceof EverwarpError && ROOM_CODES.includes(error.code);
}
