/**
 * Turns the records that the match kernel wrote into matches sorted by file, and lines that were left undecided.
 *
 *     records as they came:   │ share 7 │ share 2 │ share 3 │ …     each share in order
 *     in the order of memory, cut at files:   │ file 4 │ file 5 │ …     gaps, marks, undecided lines taken out
 *     in the order of files: one array of records, from which columns are made when they are asked for
 *
 * A record is (offset in its segment, line feeds before it in the segment, column and length, tag); see scan.schema.ts.
 */
import type { HitPlaces, RawHits, UndecidedLines } from "../backend/index.ts";
import type { FileMap } from "./hit-records.ts";
import { cutAtFiles, type FilePiece, type MatchCorpus, sortedPieces } from "./match-pieces.ts";
import { MatchRecord, Record as HitRecord } from "./scan.schema.ts";

const { WORDS } = HitRecord;
const { COLUMN_BITS, COLUMN_MASK } = MatchRecord;

/** The answer to a match. */
export class MatchHits implements RawHits {
  readonly count: number;
  readonly truncated: boolean;
  readonly undecided: UndecidedLines;
  readonly #map: FileMap;
  readonly #pieces: readonly FilePiece[];
  #words: Uint32Array | undefined;
  #file: Uint32Array | undefined;
  #offset: Uint32Array | undefined;
  #length: Uint32Array | undefined;
  #literal: Uint32Array | undefined;
  #places: HitPlaces | undefined;

  /**
   * @param records as they were copied, of ranges that ascend
   * @param shareBytes records of lines that start in a share of this size stand together
   */
  constructor(records: readonly Uint32Array[], corpus: MatchCorpus, shareBytes: number, truncated: boolean) {
    const { pieces, undecided } = cutAtFiles(records, corpus, shareBytes);
    this.#pieces = sortedPieces(pieces, corpus.map);
    this.#map = corpus.map;
    this.undecided = undecided;
    this.truncated = truncated;
    this.count = pieces.reduce((sum, { begin, end }) => sum + (end - begin) / WORDS, 0);
  }

  get file(): Uint32Array {
    if (this.#file === undefined) {
      const file = new Uint32Array(this.count);
      this.#eachPiece((entry, from, to) => file.fill(this.#map.file[entry], from, to));
      this.#file = file;
    }
    return this.#file;
  }

  get offset(): Uint32Array {
    if (this.#offset === undefined) {
      const { count } = this;
      const offset = new Uint32Array(count);
      const words = this.#sortedWords();
      this.#eachPiece((entry, from, to) => {
        const start = this.#map.start[entry] % 2 ** 32;
        for (let index = from; index < to; index++) offset[index] = words[index * WORDS] - start;
      });
      this.#offset = offset;
    }
    return this.#offset;
  }

  get length(): Uint32Array {
    if (this.#length === undefined) {
      const length = new Uint32Array(this.count);
      const words = this.#sortedWords();
      for (let index = 0, at = 2; index < length.length; index++, at += WORDS)
        length[index] = words[at] >>> COLUMN_BITS;
      this.#length = length;
    }
    return this.#length;
  }

  get literal(): Uint32Array {
    return (this.#literal ??= new Uint32Array(this.count));
  }

  locate(): HitPlaces {
    if (this.#places === undefined) {
      const line = new Uint32Array(this.count);
      const column = new Uint32Array(this.count);
      const words = this.#sortedWords();
      this.#eachPiece((entry, from, to) => {
        const before = this.#map.firstRank[entry] - 1;
        for (let index = from, at = from * WORDS; index < to; index++, at += WORDS) {
          line[index] = words[at + 1] - before;
          column[index] = (words[at + 2] & COLUMN_MASK) + 1;
        }
      });
      this.#places = { line, column };
    }
    return this.#places;
  }

  /** The records that count, in the order of files. */
  #sortedWords(): Uint32Array {
    if (this.#words === undefined) {
      const [only] = this.#pieces;
      if (this.#pieces.length === 1 && only !== undefined) {
        this.#words = only.words.subarray(only.begin, only.end);
      } else {
        const words = new Uint32Array(this.count * WORDS);
        let to = 0;
        for (const piece of this.#pieces) {
          words.set(piece.words.subarray(piece.begin, piece.end), to);
          to += piece.end - piece.begin;
        }
        this.#words = words;
      }
    }
    return this.#words;
  }

  #eachPiece(body: (entry: number, from: number, to: number) => void): void {
    let from = 0;
    for (const { entry, begin, end } of this.#pieces) {
      const to = from + (end - begin) / WORDS;
      body(entry, from, to);
      from = to;
    }
  }
}
