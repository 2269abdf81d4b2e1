/**
 * Searches of many clients, answered from memory where they can be.
 *
 *   search ──▶ refresh: what changed ──▶ listing ──▶ view ──▶ engine ──▶ hits, and the rest from disk ──▶ output
 *
 * Guarantee: an answer includes every change that was complete before `search` was called; it is what the ordinary
 * search of the same moment prints. The heads of `tree-watch.ts` and `listing-cache.ts` say what this rests on.
 */
import { totalmem } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import {
  abortedError,
  type FoundFile,
  type GrepEngine,
  type GrepOptions,
  type GrepStreams,
  type LoadedCorpus,
  MatcherPool,
  placeOf,
  type Query,
  runGrep,
  SearchEngine,
  type WalkOptions,
} from "../../search/index.ts";
import { EverwarpError, readOptions, whole, listOf, pathText, deviceChoice } from "../../base/index.ts";
import type { TreeScope } from "../hits/index.ts";
import { ChangeListeners } from "./change-listeners.ts";
import { Rest } from "./rest.ts";
import { FileStore } from "./file-store.ts";
import { ListingCache, type SearchListing } from "./listing-cache.ts";
import type { ResidentTreesOptions, ResidentTreesParts, ResidentTreesStats } from "./options.ts";
import { ListingView, positionsInMemory, ResidentHits, unendedPositions } from "./resident-hits.ts";
import { residentQuery } from "./resident-query.ts";
import { Patrol } from "./patrol.ts";
import { holdMoreThan, type LoadedStamp } from "./system-state.ts";
import { TreeFinder } from "./tree-finder.ts";
import { TreeWatch } from "./tree-watch.ts";
import type { HeldCorpus, StoredFile } from "./directory.ts";

/**
 * More hits than these are left to whoever asks. Printing that many lines takes seconds of the one thread that answers
 * all, and gigabytes where a client does not read. Without lines, hits cost a tenth.
 */
const PRINTED_HITS_MAX = 300_000;
const COUNTED_HITS_MAX = 3_000_000;

/** So many files with so much text are not worth a search of the engine. */
const SMALL_TEXTS = 100;
const SMALL_TEXT_BYTES = 256 * 1024;

/** Where there are so many files that memory says nothing about, threads search everything. */
const MANY_FILES = 2000;
const MANY_SHARE = 0.3;

/**
 * More text than this that memory does not have is left to whoever asks. The thread that would read it answers
 * everybody else as well, and has no turns for others within a file.
 */
const READ_HERE_MAX_BYTES = 256 * 1024 * 1024;

/** How often the kernel's queue is emptied where nothing is asked: while much happens, and while nothing does. */
const BUSY_DRAIN_MS = 5;
const IDLE_DRAIN_MS = 50;
/** After each of these, so many files are looked at: 57,000 files take three minutes, and a thousandth of a core. */
const PATROLLED_FILES = 16;

/** See the head of this file. */
export class ResidentTrees implements AsyncDisposable {
  readonly #engine: SearchEngine;
  readonly #watch: TreeWatch;
  readonly #listings: ListingCache;
  readonly #store: FileStore;
  readonly #finder: TreeFinder;
  readonly #patrol: Patrol;
  readonly #changes = new ChangeListeners();
  readonly #degraded = new Set<string>();
  readonly #counts = { fromMemory: 0, fromDisk: 0, filesReadFromDisk: 0 };
  readonly #onDegraded: (reason: string) => void;
  readonly #onDisk: () => void;
  readonly #rest = new Rest((forgets) => this.#trim(forgets));
  readonly #matchers = new MatcherPool();
  #drainTimer: NodeJS.Timeout | undefined;
  /** Of each listing, as it was asked for last. */
  #views = new WeakMap<SearchListing, { version: number; view: ListingView }>();
  #closing: Promise<void> | undefined;

  private constructor(
    engine: SearchEngine,
    maxMemoryBytes: number,
    { inotify, onDegraded = () => undefined, onDisk = () => undefined }: ResidentTreesParts,
  ) {
    this.#engine = engine;
    this.#onDegraded = onDegraded;
    this.#onDisk = onDisk;
    const noteDegraded = (reason: string): void => this.#noteDegraded(reason);
    this.#watch = new TreeWatch(
      {
        onFile: (file) => {
          this.#store.changed(file);
          this.#listings.fileChanged(file);
          this.#changes.tell(file.directory.path);
        },
        onEntries: (directory, hasOtherRules) => {
          this.#listings.changed(directory, hasOtherRules);
          this.#changes.tell(directory.path);
        },
        onOtherNames: (inodes) => this.#store.changedInodes(inodes),
        stampOf: (file) => this.#stampOf(file),
        onDegraded: noteDegraded,
      },
      inotify,
    );
    this.#patrol = new Patrol(this.#watch, (file) => this.#stampOf(file));
    this.#listings = new ListingCache(this.#watch);
    this.#store = new FileStore({ engine, watch: this.#watch, maxMemoryBytes, onDegraded: noteDegraded });
    this.#finder = new TreeFinder({
      engine,
      listings: this.#listings,
      store: this.#store,
      rest: this.#rest,
      viewOf: (listing) => this.#viewOf(listing, listing.files),
    });
    this.#drainLater(IDLE_DRAIN_MS);
  }

  /**
   * Opens an engine and loads the trees that are named.
   * @param parts what tests and the daemon around it give
   * @throws EW_WATCH_FAILED, EW_BAD_ARGUMENT, and as `SearchEngine.open`
   */
  static async open(
    given: ResidentTreesOptions = {},
    parts: ResidentTreesParts = {},
  ): Promise<ResidentTrees> {
    const {
      roots = [],
      maxMemoryBytes = Math.floor(totalmem() / 2),
      ...choice
    } = readOptions<ResidentTreesOptions>("the options of ResidentTrees.open", given, {
      device: deviceChoice,
      threads: whole(1),
      maxMemoryBytes: whole(0),
      roots: listOf(pathText),
    });
    const engine = await SearchEngine.open(choice);
    let trees: ResidentTrees;
    try {
      trees = new ResidentTrees(engine, maxMemoryBytes, parts);
    } catch (error) {
      await engine.close();
      throw error;
    }
    for (const root of roots) await trees.load(root);
    return trees;
  }

  /** Loads the files that a search without flags would look into. @param root absolute */
  async load(root: string, walk: WalkOptions = {}): Promise<void> {
    await this.finder.load({ paths: [root], walk: { cwd: "/", ...walk }, allText: false });
  }

  /** What finds hits for programs. @throws EW_CLOSED */
  get finder(): TreeFinder {
    this.#assertOpen();
    return this.#finder;
  }

  /** The engine that holds the texts: what it runs on, and what it has done. */
  get engine(): Pick<SearchEngine, "info" | "stats"> {
    return this.#engine;
  }

  /**
   * Tells when something may have changed below some paths: too often rather than not at all. What changes before the
   * paths are searched again is told once.
   * @returns ends it
   * @throws EW_CLOSED, EW_BAD_FLAG_VALUE for a glob or a type that does not parse
   */
  watch(scope: TreeScope, onChange: () => void): () => void {
    this.#assertOpen();
    const look = (): void => void this.#listings.list(scope.paths, scope.walk);
    look(); // what no search has listed is not watched
    return this.#changes.hear(scope, onChange, () => {
      if (this.#watch.polledCount > 0) look();
    });
  }

  /** Resolves when everything that searches have wanted so far is in memory. */
  settle(): Promise<void> {
    return this.#store.settle();
  }

  /**
   * Searches, and prints what `runGrep` prints.
   * @param options with the working directory in `walk.cwd`. Standard input is not read here: it is another process's
   * @returns the exit code
   * @throws EW_ABORTED, and as `runGrep`
   */
  async search(
    options: GrepOptions,
    streams: GrepStreams,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<number> {
    this.#assertOpen();
    let listing: SearchListing | undefined;
    let pinned: readonly HeldCorpus[] = [];
    const walkFiles = (paths: readonly string[], walk: WalkOptions): SearchListing["files"] => {
      listing = this.#listings.list(paths, walk, asked);
      for (const error of listing.errors) walk.onError?.(error);
      return listing.files;
    };
    this.#rest.begin();
    const asked = this.#watch.lookCount;
    try {
      await turn(); // searches that have come by then share a look at what has changed
      if (signal.aborted) throw abortedError(signal.reason);
      this.#assertOpen();
      return await runGrep(
        options,
        streams,
        async ({ listFiles, mayMatchEmpty }) => {
          const query = residentQuery(options);
          if (query === undefined) return this.#readsAll();
          const files = listFiles();
          if (listing === undefined) return this.#readsAll();
          const view = this.#viewOf(listing, files);
          pinned = view.held;
          this.#store.pin(pinned);
          const searched = mayMatchEmpty() ? unendedPositions(view) : [];
          return await this.#ask(options, query, view, searched, signal);
        },
        { walkFiles, signal, matchers: this.#matchers },
      );
    } finally {
      this.#store.unpin(pinned);
      this.#rest.end();
    }
  }

  /** What is held, and how well it goes. */
  stats(): ResidentTreesStats {
    return {
      trees: this.#listings.roots.map((root) => Buffer.from(root === "" ? "/" : root, "latin1").toString()),
      files: this.#store.fileCount,
      memoryBytes: this.#store.memoryBytes,
      corpora: this.#store.held.length,
      listings: this.#listings.count,
      watches: this.#watch.watchCount,
      polledDirectories: this.#watch.polledCount,
      overflows: this.#watch.overflowCount,
      ...this.#counts,
      degraded: [...this.#degraded],
    };
  }

  /** Ends searches in flight with EW_CLOSED, and frees everything. A second call waits for the first. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    clearTimeout(this.#drainTimer);
    this.#changes.close();
    this.#rest.stop();
    await this.#store.close();
    await this.#engine.close();
    this.#watch.close();
  }

  async #ask(
    options: GrepOptions,
    query: Query,
    view: ListingView,
    searched: readonly number[],
    signal: AbortSignal,
  ): Promise<GrepEngine | undefined> {
    const missing = view.fromDisk.map((position) => view.handles[position]);
    this.#store.want(missing.filter((file) => file !== undefined));
    if (missing.length > MANY_FILES && missing.length > MANY_SHARE * view.files.length)
      return this.#readsAll();
    const places = view.fromDisk.map((at) => placeOf(view.files[at] as FoundFile, options.walk.cwd));
    if (holdMoreThan(READ_HERE_MAX_BYTES, places)) return this.#readsAll();
    if (isSmall(view) && !signal.aborted) {
      this.#counts.fromMemory++;
      this.#counts.filesReadFromDisk += missing.length;
      return new ResidentHits(options, view, [], this.#loadedOf(view), positionsInMemory(view));
    }
    const { mode } = options.searcher.printer;
    const maxHits = mode === "standard" || mode === "json" ? PRINTED_HITS_MAX : COUNTED_HITS_MAX;
    try {
      const searches = view.held.map(({ corpus }) =>
        this.#engine.search({ ...query, corpus, locate: false, maxHits }, { signal }),
      );
      const results = await Promise.all(searches);
      if (results.some(({ truncated }) => truncated)) return this.#readsAll();
      this.#counts.fromMemory++;
      this.#counts.filesReadFromDisk += missing.length;
      return new ResidentHits(options, view, results, this.#loadedOf(view), searched);
    } catch (error) {
      if (signal.aborted || !(error instanceof EverwarpError)) throw error;
      // A pattern that the engine does not take, or a device that is lost: the files themselves can always be read.
      if (error.code !== "EW_BAD_PATTERN")
        this.#noteDegraded(`a search was not answered from memory: ${error.message}`);
      return this.#readsAll();
    }
  }

  #loadedOf({ held }: ListingView): (LoadedCorpus | undefined)[] {
    return held.map(({ corpus }) => this.#engine.loaded(corpus));
  }

  #readsAll(): undefined {
    this.#counts.fromDisk++;
    this.#onDisk();
    return undefined;
  }

  /** @param files those of the listing, perhaps in another order */
  #viewOf(listing: SearchListing, files: SearchListing["files"]): ListingView {
    if (files !== listing.files)
      return new ListingView(
        files,
        files.map((file) => listing.handleOf(file)),
      );
    const { version } = this.#store;
    const known = this.#views.get(listing);
    if (known?.version === version) return known.view;
    const view = new ListingView(files, listing.handles);
    this.#views.set(listing, { version, view });
    return view;
  }

  /** Nobody has asked for a while. */
  #trim(forgets: boolean): void {
    if (!forgets) return this.#engine.trim();
    this.#engine.forget();
    this.#views = new WeakMap();
    this.#matchers.clear();
    this.#listings.trim();
  }

  #stampOf({ held, row }: StoredFile): LoadedStamp | undefined {
    if (held === undefined) return undefined;
    const placement = this.#engine.loaded(held.corpus)?.placement;
    return {
      sizeBytes: placement?.sizeBytes[row] ?? -1,
      modifiedMs: placement?.modifiedMs[row] ?? -1,
      inode: placement?.inode[row] ?? -1,
      loadedAtMs: held.loadedAtMs,
    };
  }

  #noteDegraded(reason: string): void {
    if (this.#degraded.has(reason)) return;
    this.#degraded.add(reason);
    this.#onDegraded(reason);
  }

  /** The queue must not get long while nobody asks. */
  #drainLater(delayMs: number): void {
    this.#drainTimer = setTimeout(() => {
      const isBusy = this.#watch.drain();
      if (!isBusy) this.#patrol.step(PATROLLED_FILES);
      this.#drainLater(isBusy ? BUSY_DRAIN_MS : IDLE_DRAIN_MS);
    }, delayMs).unref();
  }

  #assertOpen(): void {
    if (this.#closing === undefined) return;
    throw new EverwarpError("EW_CLOSED", "the trees were closed", { remedy: "Open new ones." });
  }
}

/** The engine searches whole corpora. A few files of them are searched sooner one by one. */
const isSmall = ({ textCount, textBytes }: ListingView): boolean =>
  textCount <= SMALL_TEXTS && textBytes <= SMALL_TEXT_BYTES;
