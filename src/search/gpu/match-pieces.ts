/** Cuts the records of a match into pieces of one file each, and takes out what is no match. */
import type { UndecidedLines } from "../backend/index.ts";
import { type Placement, UTF8_MARK_BYTES } from "../corpus/index.ts";
import type { FileMap } from "./hit-records.ts";
import { MatchRecord, Record as HitRecord } from "./scan.schema.ts";

const { WORDS, SEGMENT_MASK } = HitRecord;
const { COLUMN_BITS, COLUMN_MASK, UNDECIDED } = MatchRecord;
/** Shares that lie this close together are put in their places, not sorted. */
const SPAN_OF_SHARES = 64;

/** What must be known of a corpus. */
export interface MatchCorpus {
  readonly map: FileMap;
  readonly placement: Pick<Placement, "length">;
  /** Files that begin with a byte order mark, in their order. */
  readonly markedFiles: Uint32Array;
}

/** Records of one file, in order. */
export interface FilePiece {
  /** Index into the file map. */
  readonly entry: number;
  readonly words: Uint32Array;
  /** Words [begin, end). */
  readonly begin: number;
  readonly end: number;
}

/** Records of lines that start in one share. */
interface Share {
  readonly number: number;
  readonly words: Uint32Array;
  readonly begin: number;
  readonly end: number;
}

/** Finds where the records of each share are. They are not in order, as subgroups take their places as they come. */
function sharesOf(records: readonly Uint32Array[], shareBytes: number): Share[] {
  const shares: Share[] = [];
  const sharesOfSegment = 2 ** 32 / shareBytes;
  const shift = Math.log2(shareBytes);
  for (const words of records) {
    let begin = 0;
    let current = -1;
    for (let at = 0; at < words.length; at += WORDS) {
      const lineStart = words[at] - (words[at + 2] & COLUMN_MASK);
      const number = (words[at + 3] & SEGMENT_MASK) * sharesOfSegment + (lineStart >>> shift);
      if (number === current) continue;
      if (current >= 0) shares.push({ number: current, words, begin, end: at });
      current = number;
      begin = at;
    }
    if (current >= 0) shares.push({ number: current, words, begin, end: words.length });
  }
  return inOrder(shares);
}

/** Sorts shares by their number, of which each has one. */
function inOrder(shares: Share[]): Share[] {
  const isSorted = shares.every(
    ({ number }, index) => index === 0 || (shares[index - 1] as Share).number < number,
  );
  if (isSorted) return shares;
  let first = Infinity;
  let last = 0;
  for (const { number } of shares) {
    first = Math.min(first, number);
    last = Math.max(last, number);
  }
  if (last - first > SPAN_OF_SHARES * shares.length) return shares.sort((a, b) => a.number - b.number);
  const indexes = new Uint32Array(last - first + 1);
  for (const [index, { number }] of shares.entries()) indexes[number - first] = index + 1;
  const sorted: Share[] = [];
  for (const index of indexes) if (index > 0) sorted.push(shares[index - 1] as Share);
  return sorted;
}

/** Collects undecided lines, in the order of memory. */
class UndecidedList {
  readonly #entries: { file: number; line: number; offset: number }[] = [];

  add(file: number, line: number, offset: number): void {
    this.#entries.push({ file, line, offset });
  }

  list(): UndecidedLines {
    const entries = this.#entries.sort((a, b) => a.file - b.file || a.line - b.line);
    return {
      count: entries.length,
      file: Uint32Array.from(entries, ({ file }) => file),
      line: Uint32Array.from(entries, ({ line }) => line),
      offset: Uint32Array.from(entries, ({ offset }) => offset),
    };
  }
}

/** Goes through records in the order of memory, from file to file. */
class FileCutter {
  readonly pieces: FilePiece[] = [];
  readonly #corpus: MatchCorpus;
  readonly #undecided: UndecidedList;
  readonly #marked: ReadonlySet<number>;
  /** Of the file at hand: its entry, where its content is, and whether its first line is taken out. */
  #entry = -1;
  #start = 0;
  #end = 0;
  #nextStart = 0;
  #markedRank = -1;

  constructor(corpus: MatchCorpus, undecided: UndecidedList) {
    this.#corpus = corpus;
    this.#undecided = undecided;
    this.#marked = new Set(corpus.markedFiles);
    this.#nextStart = corpus.map.start[0] ?? Infinity;
  }

  /** Cuts one share. */
  cut({ words, begin, end }: Share): void {
    const base = (words[begin + 3] & SEGMENT_MASK) * 2 ** 32;
    let pieceBegin = begin;
    for (let at = begin; at < end; at += WORDS) {
      const position = base + words[at];
      if (position >= this.#nextStart) {
        this.#add(words, pieceBegin, at);
        pieceBegin = at;
        this.#moveTo(position);
      }
      // Between two files; the first line of a file with a mark; undecided.
      const isGap = position >= this.#end;
      if (!isGap && words[at + 2] >>> COLUMN_BITS !== UNDECIDED && words[at + 1] !== this.#markedRank)
        continue;
      this.#add(words, pieceBegin, at);
      pieceBegin = at + WORDS;
      if (!isGap && words[at + 1] !== this.#markedRank) this.#leaveUndecided(words, at, position);
    }
    this.#add(words, pieceBegin, end);
  }

  #leaveUndecided(words: Uint32Array, at: number, position: number): void {
    const { file, firstRank } = this.#corpus.map;
    this.#undecided.add(
      file[this.#entry],
      words[at + 1] - firstRank[this.#entry] + 1,
      position - this.#start,
    );
  }

  #add(words: Uint32Array, begin: number, end: number): void {
    if (begin < end) this.pieces.push({ entry: this.#entry, words, begin, end });
  }

  #moveTo(position: number): void {
    const { map, placement } = this.#corpus;
    const entry = entryAt(map, position, this.#entry + 1);
    this.#entry = entry;
    this.#start = map.start[entry];
    this.#end = this.#start + placement.length[map.file[entry]];
    this.#nextStart = map.start[entry + 1] ?? Infinity;
    this.#markedRank = this.#marked.has(map.file[entry]) ? map.firstRank[entry] : -1;
  }
}

/** Index of the last entry, from `low` on, whose start is at or before `position`; mostly it is near. */
function entryAt({ start }: FileMap, position: number, low: number): number {
  let high = low;
  for (let step = 1; high < start.length && start[high] <= position; step *= 2) {
    low = high;
    high += step;
  }
  high = Math.min(high, start.length) - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (start[middle] <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Pieces in the order of memory, and the lines that were left undecided. */
export function cutAtFiles(
  records: readonly Uint32Array[],
  corpus: MatchCorpus,
  shareBytes: number,
): { pieces: FilePiece[]; undecided: UndecidedLines } {
  const undecided = new UndecidedList();
  // The kernel takes a mark for a part of its line.
  for (const file of corpus.markedFiles)
    if (corpus.placement.length[file] > UTF8_MARK_BYTES) undecided.add(file, 1, UTF8_MARK_BYTES);
  const cutter = new FileCutter(corpus, undecided);
  for (const share of sharesOf(records, shareBytes)) cutter.cut(share);
  return { pieces: cutter.pieces, undecided: undecided.list() };
}

/** Files mostly lie in memory in their own order, but not always. */
export function sortedPieces(pieces: FilePiece[], { file }: FileMap): readonly FilePiece[] {
  const fileOf = ({ entry }: FilePiece): number => file[entry];
  const isSorted = pieces.every(
    (piece, index) => index === 0 || fileOf(pieces[index - 1] as FilePiece) <= fileOf(piece),
  );
  return isSorted ? pieces : pieces.sort((a, b) => fileOf(a) - fileOf(b)); // stable
}
