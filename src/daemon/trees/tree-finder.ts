/**
 * Hits for programs: what an engine would find that has just loaded the files of a tree.
 *
 *   listing ──▶ view ─┬─ files in memory ──▶ the engine, corpus by corpus ──▶ hits of listed files ─┐
 *                     └─ the others ──▶ a corpus for this search, slice by slice ──▶ hits ──────────┴─▶ TreeHits
 *
 * Guarantee: as that of `ResidentTrees`. Files that memory does not have are read after the listing was made.
 *
 * Memory: a slice is gone before the next one is loaded, and an answer has at most `HITS_MAX` hits.
 */
import { EverwarpError } from "../../base/index.ts";
import {
  abortedError,
  Corpus,
  type FoundFile,
  placeOf,
  type SearchEngine,
  type SearchResult,
  type TextQuery,
} from "../../search/index.ts";
import {
  hitColumns,
  type HitFile,
  TreeHits,
  type TreeHitsParts,
  type TreeScope,
  type TreeState,
} from "../hits/index.ts";
import { type FileStore, WORTH_LOADING } from "./file-store.ts";
import type { ListingCache, SearchListing } from "./listing-cache.ts";
import { type ListingView, type Run, runsOf } from "./resident-hits.ts";
import type { Rest } from "./rest.ts";
import { sizeOf } from "./system-state.ts";

/** An answer of more hits takes too much memory of the one process that answers all. */
const HITS_MAX = 3_000_000;
/** Hits of other files may take the place of those that are wanted: then so many times as many are asked for. */
const ASK_AGAIN_FACTOR = 8;
/** What a search reads for itself at a time. */
const SLICE_FILES = 4096;
const SLICE_BYTES = 64 * 1024 * 1024;

/** What a finder needs of the trees around it. */
export interface TreeFinderParts {
  readonly engine: SearchEngine;
  readonly listings: ListingCache;
  readonly store: FileStore;
  readonly rest: Rest;
  readonly viewOf: (listing: SearchListing) => ListingView;
}

/** The hits of one file, in the order of the listing. */
interface Found {
  readonly position: number;
  readonly file: HitFile;
  readonly columns: Pick<TreeHitsParts["columns"], "line" | "column" | "offset" | "length">;
}

/** What a search has found so far. */
interface Findings {
  readonly found: Found[];
  count: number;
  truncated: boolean;
  readonly skipped: { position: number; path: string; reason: string }[];
  roundTripUs: number;
  verifyUs: number;
}

/** See the head of this file. */
export class TreeFinder {
  readonly #parts: TreeFinderParts;

  constructor(parts: TreeFinderParts) {
    this.#parts = parts;
  }

  /** Loads what a search would look into. @throws EW_BAD_FLAG_VALUE for a glob or a type that does not parse */
  async load({ paths, walk }: TreeScope): Promise<TreeState> {
    const { listings, store } = this.#parts;
    const listing = listings.list(paths, walk);
    store.pin([]); // other trees may go
    store.want(listing.handles.filter((handle) => handle !== undefined));
    await this.#parts.rest.after(() => store.settle());
    return this.#stateOf(listing);
  }

  /** What the tree has now. @throws as `load` */
  state({ paths, walk }: TreeScope): TreeState {
    return this.#stateOf(this.#parts.listings.list(paths, walk));
  }

  /**
   * Searches.
   * @throws EW_REQUEST_TOO_LARGE for too many hits, EW_ABORTED, and as `load` and `SearchEngine.search`
   */
  find(scope: TreeScope, query: TextQuery, signal: AbortSignal): Promise<TreeHits> {
    return this.#withView(scope, signal, (view) => this.#find(view, scope, query, signal));
  }

  /** Counts the hits that `find` would give. @throws as `find` */
  count(scope: TreeScope, query: TextQuery, signal: AbortSignal): Promise<number> {
    return this.#withView(scope, signal, (view) => this.#count(view, scope, query, signal));
  }

  /**
   * Works on the files of a search, whose corpora stay until that is done. What memory does not have, and is much, is
   * loaded first.
   */
  #withView<T>(
    { paths, walk }: TreeScope,
    signal: AbortSignal,
    work: (view: ListingView) => Promise<T>,
  ): Promise<T> {
    const { listings, store, rest, viewOf } = this.#parts;
    return rest.after(async () => {
      const listing = listings.list(paths, walk);
      let view = viewOf(listing);
      const missing = view.fromDisk
        .map((position) => view.handles[position])
        .filter((file) => file !== undefined);
      if (missing.length > 0) store.want(missing);
      if (missing.length >= WORTH_LOADING) {
        await store.settle();
        if (signal.aborted) throw abortedError(signal.reason);
        view = viewOf(listing);
      }
      const { held } = view;
      store.pin(held);
      try {
        return await work(view);
      } finally {
        store.unpin(held);
      }
    });
  }

  async #find(view: ListingView, scope: TreeScope, query: TextQuery, signal: AbortSignal): Promise<TreeHits> {
    const findings: Findings = {
      found: [],
      count: 0,
      truncated: false,
      skipped: [],
      roundTripUs: 0,
      verifyUs: 0,
    };
    await this.#searchMemory(view, scope, query, signal, findings);
    for (const slice of slicesOf(view, scope)) {
      if (findings.count > (query.maxHits ?? Infinity)) break;
      await this.#searchSlice(slice, view, scope, query, signal, findings);
    }
    return treeHits(findings, query.maxHits ?? Infinity, scope);
  }

  async #count(view: ListingView, scope: TreeScope, query: TextQuery, signal: AbortSignal): Promise<number> {
    const { engine } = this.#parts;
    if (query.maxHits !== undefined || othersOf(view, scope).length > 0 || !isWhole(view))
      return (await this.#find(view, scope, query, signal)).count;
    const counts = view.held.map(({ corpus }) => engine.count({ ...query, corpus }, { signal }));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  async #searchMemory(
    view: ListingView,
    scope: TreeScope,
    query: TextQuery,
    signal: AbortSignal,
    findings: Findings,
  ): Promise<void> {
    const { engine } = this.#parts;
    const { maxHits = Infinity } = query;
    const wanted = Math.min(maxHits, HITS_MAX);
    const passedOver = new Set(scope.allText ? view.printedFromDisk : []);
    for (let limit = wanted; ; limit *= ASK_AGAIN_FACTOR) {
      const searches = view.held.map(({ corpus }) =>
        engine.search({ ...query, corpus, maxHits: limit }, { signal }),
      );
      const results = await Promise.all(searches);
      const runs = runsOf(view, results).filter(({ position }) => !passedOver.has(position));
      const isCut = results.some(({ truncated }) => truncated);
      const count = runs.reduce((sum, { from, to }) => sum + to - from, 0);
      const isEnough = count > wanted || (count === wanted && isWhole(view));
      if (isCut && (!isEnough || wanted < maxHits)) {
        if (limit < HITS_MAX) continue;
        throw tooManyHits();
      }
      for (const run of runs) take(findings, run, view.files[run.position] as FoundFile);
      findings.truncated = isCut;
      noteTimes(findings, results);
      return;
    }
  }

  /** Loads some files for this search alone. */
  async #searchSlice(
    positions: readonly number[],
    view: ListingView,
    { walk, allText }: TreeScope,
    query: TextQuery,
    signal: AbortSignal,
    findings: Findings,
  ): Promise<void> {
    const { engine } = this.#parts;
    if (signal.aborted) throw abortedError(signal.reason);
    const files = positions.map((position) => view.files[position] as FoundFile);
    const corpus = Corpus.fromFiles(files, { cwd: walk.cwd, allText });
    await engine.addCorpus(corpus, { index: false });
    try {
      const { maxHits = Infinity } = query;
      const left = Math.min(maxHits, HITS_MAX) - findings.count;
      const result = await engine.search({ ...query, corpus, maxHits: Math.max(1, left) }, { signal });
      if (result.truncated && findings.count + result.count < maxHits) throw tooManyHits();
      for (const run of runsOf({ positions: [positions] }, [result]))
        take(findings, run, view.files[run.position] as FoundFile);
      for (const { file, path, reason } of result.skippedFiles)
        findings.skipped.push({ position: positions[file] as number, path, reason });
      findings.truncated ||= result.truncated;
      noteTimes(findings, [result]);
    } finally {
      await engine.removeCorpus(corpus);
    }
  }

  #stateOf(listing: SearchListing): TreeState {
    const { held, corpusAt, rowAt } = this.#parts.viewOf(listing);
    let contentBytes = 0;
    for (let position = 0; position < corpusAt.length; position++)
      contentBytes += held[corpusAt[position] as number]?.textBytes[rowAt[position] as number] ?? 0;
    const walkErrors = listing.errors.map(({ message }) => message);
    return { files: listing.files.length, contentBytes, walkErrors };
  }
}

/** Is every row of every corpus a file of the listing? */
function isWhole({ files, fromDisk, positions }: ListingView): boolean {
  return files.length - fromDisk.length === positions.reduce((sum, { length }) => sum + length, 0);
}

/** Positions of files that memory does not have as the search wants them, ascending. */
function othersOf({ fromDisk, printedFromDisk }: ListingView, { allText }: TreeScope): readonly number[] {
  if (!allText || printedFromDisk.length === 0) return fromDisk;
  return [...fromDisk, ...printedFromDisk].sort((a, b) => a - b);
}

/** Such files, so many at a time as are loaded together. */
function* slicesOf(view: ListingView, scope: TreeScope): Generator<readonly number[]> {
  const others = othersOf(view, scope);
  let slice: number[] = [];
  let sizeBytes = 0;
  for (const position of others) {
    const place = placeOf(view.files[position] as FoundFile, scope.walk.cwd);
    const bytes = others.length === 1 ? 0 : sizeOf(place);
    if (slice.length === SLICE_FILES || (slice.length > 0 && sizeBytes + bytes > SLICE_BYTES)) {
      yield slice;
      slice = [];
      sizeBytes = 0;
    }
    slice.push(position);
    sizeBytes += bytes;
  }
  if (slice.length > 0) yield slice;
}

/** Keeps the hits of a file, and how it was, before its corpus goes. */
function take(findings: Findings, { position, result, from, to }: Run, { path, pathBytes }: FoundFile): void {
  const file = { path, ...(pathBytes === undefined ? {} : { pathBytes }), stamp: result.stampOf(from) };
  const { line, column, offset, length } = result;
  findings.found.push({
    position,
    file,
    columns: {
      line: line.subarray(from, to),
      column: column.subarray(from, to),
      offset: offset.subarray(from, to),
      length: length.subarray(from, to),
    },
  });
  findings.count += to - from;
}

function noteTimes(findings: Findings, results: readonly SearchResult[]): void {
  // Corpora in memory are searched at the same time, and slices one after the other.
  findings.roundTripUs += Math.max(0, ...results.map(({ roundTripUs }) => roundTripUs));
  findings.verifyUs += results.reduce((sum, { verifyUs }) => sum + verifyUs, 0);
}

function treeHits(findings: Findings, maxHits: number, { walk, allText }: TreeScope): TreeHits {
  const { roundTripUs, verifyUs } = findings;
  const found = findings.found.sort((a, b) => a.position - b.position);
  const columns = hitColumns(Math.min(findings.count, maxHits));
  const files: HitFile[] = [];
  let at = 0;
  for (const { file, columns: from } of found) {
    const count = Math.min(from.line.length, columns.count - at);
    if (count === 0) break;
    for (const name of ["line", "column", "offset", "length"] as const)
      columns[name].set(from[name].subarray(0, count), at);
    columns.file.fill(files.length, at, at + count);
    files.push(file);
    at += count;
  }
  const skippedFiles = findings.skipped
    .sort((a, b) => a.position - b.position)
    .map(({ path, reason }) => ({ path, reason }));
  const truncated = findings.truncated || findings.count > maxHits;
  const place = { directory: walk.cwd, allText };
  return new TreeHits({ files, columns, ...place, truncated, skippedFiles, roundTripUs, verifyUs });
}

function tooManyHits(): EverwarpError {
  return new EverwarpError("EW_REQUEST_TOO_LARGE", `there are more than ${HITS_MAX} hits`, {
    remedy: "Count them, give maxHits, or search fewer files.",
  });
}
