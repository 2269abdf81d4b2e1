/**
 * Hits from a search engine of its own.
 *
 *     choose ─▶ list the tree ─▶ watch its folders ─▶ load ─▶ swap ─▶ onChanged
 *                     ▲                  │
 *                     └── a change ──────┘
 *
 * Invariants:
 * - One corpus is searched at any time. The one before is given up when the next one is loaded, and not before.
 * - Loads run one after the other. Of several wishes that come during a load, the last one counts.
 * - After a load there is a pause of several times its length. So a tree that never rests does not take the machine.
 */
import { lstatSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { EverwarpError, nowMs } from "../../base/index.ts";
import { Corpus, type Query, SearchEngine } from "../../search/index.ts";
import type { HitSource, LiveHits, LiveQuery, SourceEvents, SourceFacts, TreeChoice } from "./contracts.ts";
import { ResultHits } from "./result-hits.ts";
import { TreeWatch, watchedFolders } from "./tree-watch.ts";

/** What an `EngineSource` searches, and with what. */
export interface EngineSourceOptions {
  /** Files and folders; none is the working directory. */
  readonly paths: readonly string[];
  /** As `SearchEngine.open`: "auto", "cpu", "gpu", a device's name or index. */
  readonly device: string | number;
  readonly threads?: number;
}

/** After a change, others may follow. */
const SETTLE_MS = 60;
/** A pause is so many times as long as the load before it. */
const PAUSE_FACTOR = 4;
/** A tree in which new folders appear all the time is not listed for ever. */
const MAX_ROUNDS = 3;

/** See the head of this file. */
export class EngineSource implements HitSource {
  readonly #options: EngineSourceOptions;
  #engine: SearchEngine | undefined;
  #corpus: Corpus | undefined;
  #events: SourceEvents | undefined;
  #choice: TreeChoice = { isHidden: false, globs: [] };
  #watch: TreeWatch | undefined;
  /** The load that goes on. */
  #loading: Promise<void> | undefined;
  /** Grows with every wish for a load. */
  #wishCount = 0;
  #pauseEndMs = 0;
  /** A load waits for its time; it sees whatever changes until then. */
  #isDue = false;
  #isClosed = false;

  constructor(options: EngineSourceOptions) {
    this.#options = options;
  }

  get facts(): SourceFacts | undefined {
    if (this.#engine === undefined || this.#corpus === undefined) return undefined;
    const { contentBytes } = this.#engine.stats();
    return { fileCount: this.#corpus.fileCount, contentBytes, device: this.#engine.info.device };
  }

  async open(choice: TreeChoice, events: SourceEvents): Promise<void> {
    this.#events = events;
    for (const path of this.#options.paths) assertThere(path);
    const { device, threads } = this.#options;
    const engine = await SearchEngine.open({ device, ...(threads === undefined ? {} : { threads }) });
    this.#engine = engine;
    if (this.#isClosed) return engine.close();
    this.#watch = new TreeWatch({
      onChange: () => void this.#loadAgain(),
      onFailure: (text) => events.onNotice(text),
    });
    await this.choose(choice);
  }

  async choose(choice: TreeChoice): Promise<void> {
    this.#choice = choice;
    await this.#load();
  }

  async search(query: LiveQuery, maxHits: number, signal: AbortSignal): Promise<LiveHits> {
    const { engine, corpus } = this.#loaded();
    const result = await engine.search({ ...engineQuery(query), corpus, maxHits }, { signal });
    return new ResultHits(result, corpus.files);
  }

  async count(query: LiveQuery, signal: AbortSignal): Promise<number> {
    const { engine, corpus } = this.#loaded();
    return engine.count({ ...engineQuery(query), corpus }, { signal });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watch?.close();
    await this.#engine?.close();
    // A load that the engine's end has interrupted fails.
    await this.#loading?.catch(() => undefined);
  }

  #loaded(): { engine: SearchEngine; corpus: Corpus } {
    const engine = this.#engine;
    const corpus = this.#corpus;
    if (engine !== undefined && corpus !== undefined) return { engine, corpus };
    throw new EverwarpError("EW_CORPUS_UNKNOWN", "no files are loaded yet", { remedy: "Wait for open()." });
  }

  /** After a change on disk: not at once, and not again and again. */
  async #loadAgain(): Promise<void> {
    if (this.#isDue) return;
    this.#isDue = true;
    await sleep(Math.max(SETTLE_MS, this.#pauseEndMs - nowMs()));
    this.#isDue = false;
    if (this.#isClosed) return;
    await this.#load().catch((error: unknown) => {
      if (!this.#isClosed) this.#events?.onNotice(error instanceof Error ? error.message : String(error));
    });
  }

  /** Loads what is chosen, behind a load that goes on. */
  async #load(): Promise<void> {
    const wish = ++this.#wishCount;
    while (this.#loading !== undefined) await this.#loading.catch(() => undefined);
    if (wish !== this.#wishCount || this.#isClosed) return;
    this.#loading = this.#loadNow();
    try {
      await this.#loading;
    } catch (error) {
      // What the end has interrupted, nobody waits for.
      if (!this.#isClosed) throw error;
    } finally {
      this.#loading = undefined;
    }
  }

  async #loadNow(): Promise<void> {
    const engine = this.#engine;
    if (engine === undefined) return;
    const begunMs = nowMs();
    const corpus = await this.#list();
    const [error] = corpus.walkErrors;
    if (error !== undefined && this.#corpus === undefined) this.#events?.onNotice(error.message);
    await engine.addCorpus(corpus);
    await getReady(engine, corpus);
    const before = this.#corpus;
    this.#corpus = corpus;
    this.#pauseEndMs = nowMs() + PAUSE_FACTOR * (nowMs() - begunMs);
    this.#events?.onChanged();
    // Searches of the corpus before are called off by now, or fail; whoever asked asks again.
    if (before !== undefined) await engine.removeCorpus(before);
  }

  /** What lies in a folder that was not watched before may have changed before it was watched: list again. */
  async #list(): Promise<Corpus> {
    const { isHidden, globs } = this.#choice;
    for (let round = 1; ; round++) {
      const corpus = await Corpus.list(this.#options.paths, { hidden: isHidden, globs, sort: "path" });
      if (this.#isClosed || this.#watch === undefined) return corpus;
      const hasNew = await this.#watch.follow(await watchedFolders(corpus.files, this.#options.paths));
      if (!hasNew || round === MAX_ROUNDS) return corpus;
    }
  }
}

/**
 * Lets the engine find out which files have the letters beyond ASCII that s and k fold to. Until it knows, it looks at
 * every hit of such a pattern, and most patterns have one of them.
 */
async function getReady(engine: SearchEngine, corpus: Corpus): Promise<void> {
  const rare = ["\u0001s", "\u0001k", "\u0001sk"];
  for (const pattern of rare)
    await engine.search({ pattern, fixedStrings: true, ignoreCase: true, maxHits: 1, corpus });
}

/** @throws EW_PATH_NOT_FOUND */
function assertThere(path: string): void {
  try {
    lstatSync(path);
  } catch (cause) {
    // What else is wrong with a path, the walk says.
    if (!/^(ENOENT|ENOTDIR)$/.test((cause as NodeJS.ErrnoException).code ?? "")) return;
    throw new EverwarpError("EW_PATH_NOT_FOUND", `${path} does not exist`, {
      remedy: "Name a file or a folder that is there.",
      cause,
    });
  }
}

function engineQuery({ pattern, isRegex, isWord, caseMode }: LiveQuery): Query {
  return {
    pattern,
    fixedStrings: !isRegex,
    wordRegexp: isWord,
    ignoreCase: caseMode === "ignore",
    smartCase: caseMode === "smart",
  };
}
