/**
 * What the engine has found, served in the order of a listing.
 *
 *   position:      0    1    2    3    4    5     of the listing
 *   corpus, row:  0,0  0,1   –   1,0  0,2   –     "–": the file is read from disk
 *   visited:            ×    ×              ×     a hit, or from disk
 *
 * Invariants: A view shows one moment, and later changes do not touch it. A search visits every position with a hit,
 * and every position that is not in memory. The other positions print nothing.
 */
import { statSync } from "node:fs";
import { EverwarpError } from "../../base/index.ts";
import {
  type FileIdentity,
  type FoundFile,
  type GrepEngine,
  type GrepOptions,
  type LoadedCorpus,
  type SearchResult,
  showsDetails,
  type Visits,
} from "../../search/index.ts";
import type { HeldCorpus, StoredFile } from "./directory.ts";

type Found = ReturnType<GrepEngine["find"]>;
type Hits = NonNullable<NonNullable<Found>["hits"]>;

const NOWHERE = -1;

/** Where the files of a listing lie in memory, at one moment. */
export class ListingView {
  readonly files: readonly FoundFile[];
  readonly handles: readonly (StoredFile | undefined)[];
  /** The corpora that hold some of the files. */
  readonly held: readonly HeldCorpus[];
  /** By position: index into `held`, or −1. */
  readonly corpusAt: Int16Array;
  readonly rowAt: Int32Array;
  /** By corpus and row: the position, or −1. */
  readonly positions: readonly Int32Array[];
  /** Positions that memory says nothing about, ascending. */
  readonly fromDisk: readonly number[];
  /** Positions whose output is made from the disk where they have any, ascending. */
  readonly printedFromDisk: readonly number[];
  /** Of all the others: how many, and the bytes of their texts. */
  readonly textCount: number;
  readonly textBytes: number;

  /** @param handles what is kept about each file */
  constructor(files: readonly FoundFile[], handles: readonly (StoredFile | undefined)[]) {
    this.files = files;
    this.handles = handles;
    this.corpusAt = new Int16Array(files.length).fill(NOWHERE);
    this.rowAt = new Int32Array(files.length).fill(NOWHERE);
    const held = new Map<HeldCorpus, { index: number; positionOfRow: Int32Array }>();
    const fromDisk: number[] = [];
    const printedFromDisk: number[] = [];
    let textBytes = 0;
    for (let position = 0; position < files.length; position++) {
      const handle = handles[position];
      const corpus = handle?.held;
      let place = corpus && held.get(corpus);
      if (corpus !== undefined && place === undefined) {
        place = { index: held.size, positionOfRow: new Int32Array(corpus.files.length).fill(NOWHERE) };
        held.set(corpus, place);
      }
      // A file that is listed twice has two positions, of which memory serves the first.
      if (place === undefined || place.positionOfRow[handle!.row] !== NOWHERE) {
        fromDisk.push(position);
        continue;
      }
      const { row } = handle!;
      this.corpusAt[position] = place.index;
      this.rowAt[position] = row;
      place.positionOfRow[row] = position;
      if (corpus!.isPrintedFromDisk[row] === 1) printedFromDisk.push(position);
      else textBytes += corpus!.textBytes[row] as number;
    }
    this.held = [...held.keys()];
    this.positions = [...held.values()].map(({ positionOfRow }) => positionOfRow);
    this.fromDisk = fromDisk;
    this.printedFromDisk = printedFromDisk;
    this.textCount = files.length - fromDisk.length - printedFromDisk.length;
    this.textBytes = textBytes;
  }
}

/** The hits of one position: some of a result's, from one up to another. */
export interface Run {
  readonly position: number;
  readonly result: SearchResult;
  readonly from: number;
  readonly to: number;
}

/**
 * Positions of files whose last line may match without a hit, ascending. These files have no final line feed. An empty
 * match behind their last byte is not counted as a hit, but its line is a matching line.
 */
export function unendedPositions({ held, corpusAt, rowAt }: ListingView): readonly number[] {
  const positions: number[] = [];
  for (let position = 0; position < corpusAt.length; position++)
    if (held[corpusAt[position] as number]?.isUnended[rowAt[position] as number] === 1)
      positions.push(position);
  return positions;
}

/** Positions of files that are in memory, ascending. */
export function positionsInMemory({ corpusAt }: ListingView): readonly number[] {
  const positions: number[] = [];
  for (let position = 0; position < corpusAt.length; position++)
    if (corpusAt[position] !== NOWHERE) positions.push(position);
  return positions;
}

const NO_HITS: Hits = { offsets: [], from: 0, to: 0, exact: true };

/** Serves a search of the command line. See the head of this file. */
export class ResidentHits implements GrepEngine {
  readonly visits: Visits | undefined;
  readonly #view: ListingView;
  readonly #loaded: readonly (LoadedCorpus | undefined)[];
  readonly #runs: readonly Run[];
  /** A file of which memory has only the beginning says whether it has hits, and nothing else does. */
  readonly #knowsBinary: boolean;
  /** Positions whose hits do not tell all lines that match, so that their texts are searched. */
  readonly #searched: ReadonlySet<number>;
  /** The position that is asked for next, where all are. */
  #next = 0;
  #nextRun = 0;
  /** The position that the visits have come to. */
  #visited = NOWHERE;

  /** @param searched positions whose texts are searched whatever the engine has found */
  constructor(
    options: GrepOptions,
    view: ListingView,
    results: readonly SearchResult[],
    loaded: readonly (LoadedCorpus | undefined)[],
    searched: readonly number[],
  ) {
    this.#searched = new Set(searched);
    const { printer, searcher } = options.searcher;
    this.#view = view;
    this.#loaded = loaded;
    this.#runs = runsOf(view, results);
    const showsDetail = showsDetails(printer);
    this.#knowsBinary = searcher.binaryImplicit === "quit" && !searcher.asOnePiece && !showsDetail;
    const everyFileShows =
      searcher.invertMatch ||
      searcher.passthru ||
      printer.includeZero ||
      printer.mode === "filesWithoutMatch";
    const { skippedFile } = options.walk;
    const skipped = new Set(skippedFile && positionsOf(skippedFile, view, loaded, searcher.directory));
    if (!everyFileShows) this.visits = this.#visitsWithout(skipped);
    else if (skipped.size > 0)
      this.visits = { files: this.#walk(allWithout(view, skipped)), ...NOTHING_PASSED };
  }

  find(file: FoundFile): Found {
    const position = this.visits === undefined ? this.#next++ : this.#visited;
    const view = this.#view;
    if (view.files[position] !== file) {
      throw new EverwarpError(
        "EW_INTERNAL",
        `${file.path} is not the file number ${position} of the listing`,
        {
          remedy: "Please report this.",
        },
      );
    }
    const index = view.corpusAt[position] as number;
    if (index === NOWHERE) return undefined;
    const row = view.rowAt[position] as number;
    const hits = this.#searched.has(position) ? undefined : this.#hitsAt(position);
    if (view.held[index]?.isPrintedFromDisk[row] === 1) return undefined;
    const bytes = this.#loaded[index]?.bytes(row);
    return bytes && { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), hits };
  }

  /** A search prints no more than it would without a daemon. */
  report(): undefined {
    return undefined;
  }

  #hitsAt(position: number): Hits {
    const runs = this.#runs;
    while ((runs[this.#nextRun]?.position ?? Infinity) < position) this.#nextRun++;
    const run = runs[this.#nextRun];
    if (run?.position !== position) return NO_HITS;
    return { offsets: run.result.offset, from: run.from, to: run.to, exact: true };
  }

  #visitsWithout(skipped: ReadonlySet<number>): Visits {
    const { fromDisk, printedFromDisk, textBytes, textCount, held, corpusAt, rowAt, files } = this.#view;
    const others = this.#knowsBinary ? [fromDisk] : [fromDisk, printedFromDisk];
    if (this.#searched.size > 0) others.push([...this.#searched]);
    const visited = merged([this.#runs.map(({ position }) => position), ...others]).filter(
      (at) => !skipped.has(at),
    );
    let searches = textCount;
    let bytesSearched = textBytes;
    for (const position of [...visited, ...skipped]) {
      const corpus = held[corpusAt[position] as number];
      const row = rowAt[position] as number;
      if (corpus === undefined || corpus.isPrintedFromDisk[row] === 1) continue;
      searches--;
      bytesSearched -= corpus.textBytes[row] as number;
    }
    const hasFiles = files.length > skipped.size;
    return { files: this.#walk(visited), hasFiles, passedOver: { searches, bytesSearched } };
  }

  *#walk(positions: Iterable<number>): Generator<FoundFile> {
    for (const position of positions) {
      this.#visited = position;
      yield this.#view.files[position] as FoundFile;
    }
  }
}

const NOTHING_PASSED = { hasFiles: true, passedOver: { searches: 0, bytesSearched: 0 } };

function* allWithout({ files }: ListingView, skipped: ReadonlySet<number>): Generator<number> {
  for (let position = 0; position < files.length; position++) if (!skipped.has(position)) yield position;
}

/**
 * The runs of hits of the files in the listing, by position.
 * @param positions by result and row: the position, or −1
 */
export function runsOf(
  { positions }: { readonly positions: readonly (readonly number[] | Int32Array)[] },
  results: readonly SearchResult[],
): Run[] {
  const runs: Run[] = [];
  let isSorted = true;
  for (const [index, result] of results.entries()) {
    const { file, count } = result;
    const positionOfRow = positions[index] as readonly number[] | Int32Array;
    for (let from = 0, to = 0; from < count; from = to) {
      const row = file[from] as number;
      while (to < count && file[to] === row) to++;
      const position = positionOfRow[row] as number;
      if (position === NOWHERE) continue;
      if (position < (runs.at(-1)?.position ?? NOWHERE)) isSorted = false;
      runs.push({ position, result, from, to });
    }
  }
  return isSorted ? runs : runs.sort((a, b) => a.position - b.position);
}

/** Ascending numbers of ascending lists, each once. */
function merged(lists: readonly (readonly number[])[]): number[] {
  const [first, ...others] = lists.filter(({ length }) => length > 0);
  if (first === undefined) return [];
  if (others.length === 0) return [...first];
  return [...new Set([first, ...others].flat())].sort((a, b) => a - b);
}

/** The positions of the file that the output goes to, which may have several names. */
function positionsOf(
  { device, inode }: FileIdentity,
  { files, fromDisk, held, positions }: ListingView,
  loaded: readonly (LoadedCorpus | undefined)[],
  directory: string | undefined,
): number[] {
  const found: number[] = [];
  const isIt = (position: number): boolean => {
    const { path, pathBytes, explicit } = files[position] as FoundFile;
    if (explicit) return false;
    const place = pathBytes ?? path;
    const text = place.toString();
    const full =
      directory === undefined || text.startsWith("/") ? place : Buffer.from(`${directory}/${text}`);
    const stats = statSync(full, { bigint: true, throwIfNoEntry: false });
    return stats?.ino === inode && stats.dev === device;
  };
  for (const [index, corpus] of held.entries()) {
    const inodes = loaded[index]?.placement.inode;
    for (
      let row = inodes?.indexOf(Number(inode)) ?? -1;
      row !== -1;
      row = inodes!.indexOf(Number(inode), row + 1)
    ) {
      const position = (positions[index] as Int32Array)[row] as number;
      if (corpus.files.length > row && position !== NOWHERE && isIt(position)) found.push(position);
    }
  }
  return [...found, ...fromDisk.filter(isIt)];
}
