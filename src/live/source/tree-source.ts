/**
 * Hits of a tree that a daemon holds, or else this process.
 *
 *     choose ─▶ connect to the daemon ──▶ load ─▶ swap ─▶ onChanged
 *                    └─ none holds the tree ─▶ trees of this process
 *     a change on disk ─▶ pause ─▶ onChanged
 *
 * Invariants:
 * - One engine is searched at any time. The one before is given up when the next one has loaded, and not before.
 * - Engines are opened one after the other. Of several wishes that come meanwhile, the last one counts.
 * - After a change there is a pause, longer where a look at the tree took long. So a tree that never rests does not
 *   take the machine.
 */
import { lstatSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { EverwarpError, nowMs } from "../../base/index.ts";
import { connect, type DaemonUse, openOwnTree, ResidentTrees, type TreeEngine } from "../../daemon/index.ts";
import type { TextQuery } from "../../search/index.ts";
import type { HitSource, LiveHits, LiveQuery, SourceEvents, SourceFacts, TreeChoice } from "./contracts.ts";
import { ResultHits } from "./result-hits.ts";

/** What a `TreeSource` searches, and with what. */
export interface TreeSourceOptions {
  /** Files and folders; none is the working directory. */
  readonly paths: readonly string[];
  /** Whether a daemon is asked. */
  readonly daemon: DaemonUse;
  /** For trees of this process, as `SearchEngine.open`: "auto", "cpu", "gpu", a device's name or index. */
  readonly device: string | number;
  readonly threads?: number;
}

/** After a change, others may follow. */
const SETTLE_MS = 60;
/** A pause is so many times as long as the look at the tree before it. */
const PAUSE_FACTOR = 4;

interface Opened {
  readonly engine: TreeEngine;
  readonly isDaemon: boolean;
  /** Ends the hearing of changes. */
  readonly end: AbortController;
}

/** See the head of this file. */
export class TreeSource implements HitSource {
  readonly #options: TreeSourceOptions;
  #own: ResidentTrees | undefined;
  #opened: Opened | undefined;
  #facts: SourceFacts | undefined;
  #events: SourceEvents | undefined;
  #choice: TreeChoice = { isHidden: false, globs: [] };
  /** The opening that goes on. */
  #opening: Promise<void> | undefined;
  /** Grows with every wish for another tree. */
  #wishCount = 0;
  #pauseEndMs = 0;
  /** A change waits for its time; what changes until then is seen with it. */
  #isDue = false;
  #isClosed = false;

  constructor(options: TreeSourceOptions) {
    this.#options = options;
  }

  get facts(): SourceFacts | undefined {
    return this.#facts;
  }

  async open(choice: TreeChoice, events: SourceEvents): Promise<void> {
    this.#events = events;
    for (const path of this.#options.paths) assertThere(path);
    await this.choose(choice);
    const [message] = this.#opened?.engine.walkErrors ?? [];
    if (message !== undefined) events.onNotice(message);
  }

  async choose(choice: TreeChoice): Promise<void> {
    this.#choice = choice;
    await this.#reopen();
  }

  async search(query: LiveQuery, maxHits: number, signal: AbortSignal): Promise<LiveHits> {
    return this.#ask(
      async (engine) =>
        new ResultHits(await engine.submit({ ...textQuery(query), maxHits }, { signal }).wait()),
    );
  }

  async count(query: LiveQuery, signal: AbortSignal): Promise<number> {
    return this.#ask((engine) => engine.count(textQuery(query), { signal }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#opened?.end.abort();
    await this.#opened?.engine.close();
    await this.#own?.close();
    // What the end has interrupted fails.
    await this.#opening?.catch(() => undefined);
  }

  /** Where the daemon is gone, the question goes to whoever holds the tree now. */
  async #ask<T>(ask: (engine: TreeEngine) => Promise<T>): Promise<T> {
    try {
      return await ask(this.#engine());
    } catch (error) {
      if (!isOfDaemon(error) || this.#isClosed) throw error;
      await this.#reopen();
      return await ask(this.#engine());
    }
  }

  #engine(): TreeEngine {
    if (this.#opened !== undefined) return this.#opened.engine;
    throw new EverwarpError("EW_CORPUS_UNKNOWN", "no files are loaded yet", { remedy: "Wait for open()." });
  }

  /** Opens what is chosen, behind an opening that goes on. */
  async #reopen(): Promise<void> {
    const wish = ++this.#wishCount;
    while (this.#opening !== undefined) await this.#opening.catch(() => undefined);
    if (wish !== this.#wishCount || this.#isClosed) return;
    this.#opening = this.#openNow();
    try {
      await this.#opening;
    } catch (error) {
      // What the end has interrupted, nobody waits for.
      if (!this.#isClosed) throw error;
    } finally {
      this.#opening = undefined;
    }
  }

  async #openNow(): Promise<void> {
    const found = (await this.#connect()) ?? { engine: await this.#openOwn(), isDaemon: false };
    const opened = { ...found, end: new AbortController() };
    const { engine, end } = opened;
    await engine.onChange(
      () => void this.#changed(opened),
      // The daemon is gone: the next question finds out, and goes elsewhere.
      { onEnd: () => void this.#changed(opened), signal: end.signal },
    );
    await getReady(engine);
    const facts = await factsOf(opened);
    const before = this.#opened;
    this.#opened = opened;
    this.#facts = facts;
    if (this.#isClosed) {
      end.abort();
      await engine.close();
    } else this.#events?.onChanged();
    before?.end.abort();
    // Searches of the engine before are called off by now, or fail; whoever asked asks again.
    await before?.engine.close();
  }

  /** @returns undefined where no daemon answers for the tree */
  async #connect(): Promise<{ engine: TreeEngine; isDaemon: true } | undefined> {
    const { daemon } = this.#options;
    if (daemon === "off") return undefined;
    try {
      return { engine: await connect({ ...this.#tree(), daemon }), isDaemon: true };
    } catch (error) {
      if (isOfDaemon(error)) return undefined;
      throw error;
    }
  }

  async #openOwn(): Promise<TreeEngine> {
    const { device, threads } = this.#options;
    this.#own ??= await ResidentTrees.open(
      { device, ...(threads === undefined ? {} : { threads }) },
      { onDegraded: (reason) => this.#events?.onNotice(reason) },
    );
    if (this.#isClosed) await this.#own.close();
    return openOwnTree(this.#own, this.#tree());
  }

  #tree(): Parameters<typeof openOwnTree>[1] {
    const { isHidden, globs } = this.#choice;
    return { paths: this.#options.paths, hidden: isHidden, globs, sort: "path" };
  }

  /** After a change on disk: not at once, and not again and again. */
  async #changed(opened: Opened): Promise<void> {
    if (this.#isDue) return;
    this.#isDue = true;
    await sleep(Math.max(SETTLE_MS, this.#pauseEndMs - nowMs()));
    this.#isDue = false;
    if (this.#isClosed || this.#opened !== opened) return;
    const begunMs = nowMs();
    try {
      this.#facts = await factsOf(opened);
    } catch (error) {
      if (!isOfDaemon(error)) this.#events?.onNotice(error instanceof Error ? error.message : String(error));
    }
    this.#pauseEndMs = nowMs() + PAUSE_FACTOR * (nowMs() - begunMs);
    if (!this.#isClosed && this.#opened === opened) this.#events?.onChanged();
  }
}

async function factsOf({ engine, isDaemon }: Opened): Promise<SourceFacts> {
  const { files, contentBytes } = await engine.stats();
  const device = isDaemon ? `${engine.info.device}, daemon` : engine.info.device;
  return { fileCount: files, contentBytes, device };
}

/** No daemon runs, or it does not answer for this tree, now or any more. */
function isOfDaemon(error: unknown): boolean {
  return error instanceof EverwarpError && /^EW_(DAEMON_|QUEUE_FULL|TIMEOUT)/.test(error.code);
}

/**
 * Lets the engine find out which files have the letters beyond ASCII that s and k fold to. Until it knows, it looks at
 * every hit of such a pattern, and most patterns have one of them.
 */
async function getReady(engine: TreeEngine): Promise<void> {
  for (const pattern of ["\u0001s", "\u0001k", "\u0001sk"])
    await engine.search({ pattern, fixedStrings: true, ignoreCase: true, maxHits: 1 });
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

function textQuery({ pattern, isRegex, isWord, caseMode }: LiveQuery): TextQuery {
  return {
    pattern,
    fixedStrings: !isRegex,
    wordRegexp: isWord,
    ignoreCase: caseMode === "ignore",
    smartCase: caseMode === "smart",
  };
}
