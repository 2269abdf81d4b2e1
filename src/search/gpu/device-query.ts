/**
 * A query on the device: one scan for each literal, or for each piece of a literal that is too long for a request.
 *
 *     scan:  whole corpus, small region ──fits──▶ done
 *                   │ does not fit
 *                   ▼
 *            ranges of tiles, spill region, one after the other; a range that does not fit is halved ──▶ done
 */
import { Deferred } from "../../engine/index.ts";
import type { Literal } from "../contracts.ts";
import type { DeviceCorpus } from "./device-corpus.ts";
import type { RecordBatch } from "./hit-records.ts";
import { Record as HitRecord, Request } from "./scan.schema.ts";
import type { Ticket } from "../../residency/index.ts";

const { WORDS, SEGMENT_MASK } = HitRecord;

/** Tiles [begin, end). */
export interface TileRange {
  begin: number;
  end: number;
}

/** The search for one literal, or for a piece of a long literal. */
export class Scan {
  readonly query: DeviceQuery;
  readonly literal: Literal;
  readonly literalIndex: number;
  /** Offset of this piece in its literal. */
  readonly pieceOffset: number;
  /** Records copied out so far. */
  readonly records: Uint32Array[] = [];
  /** In flight as this. */
  ticket: Ticket | undefined;
  /** Region that the records of the request in flight go to; −1: none. */
  region = -1;
  capacity = 0;
  /** Ranges that are still to be scanned with the spill region; undefined before the first try. */
  ranges: TileRange[] | undefined;
  isDone = false;
  /** Occurrences that a scan of the whole corpus was answered with. */
  total = 0;

  constructor(query: DeviceQuery, literal: Literal, literalIndex: number, pieceOffset: number) {
    this.query = query;
    this.literal = literal;
    this.literalIndex = literalIndex;
    this.pieceOffset = pieceOffset;
  }

  /**
   * Takes note of an answer.
   * @param total occurrences in the range that was asked for
   * @param isComplete all that are wanted of them were recorded
   * @param spillRecords records that the spill region holds
   * @returns true when nothing is left to be asked
   */
  advance(total: number, isComplete: boolean, spillRecords: number): boolean {
    this.total = total;
    if (this.ranges === undefined) {
      if (isComplete) {
        this.isDone = true;
        if (total > this.capacity) this.query.isTruncated = true;
        return true;
      }
      // A little more than would do if the hits were spread evenly.
      this.ranges = cut(
        { begin: 0, end: this.query.corpus.tileCount },
        Math.ceil((total / spillRecords) * 1.25),
      );
      return false;
    }
    const range = this.ranges.shift() as TileRange;
    if (!isComplete) this.ranges.unshift(...cut(range, 2));
    this.isDone = this.ranges.length === 0;
    return this.isDone;
  }
}

function cut({ begin, end }: TileRange, parts: number): TileRange[] {
  const count = Math.max(1, Math.min(parts, end - begin));
  return Array.from({ length: count }, (_, part) => ({
    begin: begin + Math.floor(((end - begin) * part) / count),
    end: begin + Math.floor(((end - begin) * (part + 1)) / count),
  }));
}

/** A query on the device. It ends when all of its scans are done, when one fails, or when nobody wants it any more. */
export class DeviceQuery extends Deferred {
  readonly corpus: DeviceCorpus;
  readonly scans: Scan[] = [];
  /** Records of each scan that are enough; 0: occurrences are only counted. */
  readonly recordsWanted: number;
  isTruncated = false;
  /** Nobody wants the answer: no scan of it is sent any more. */
  isCancelled = false;
  readonly literals: readonly Literal[];
  #scansLeft: number;

  constructor(corpus: DeviceCorpus, literals: readonly Literal[], maxHits: number, countOnly = false) {
    super();
    this.corpus = corpus;
    this.literals = literals;
    const isPieced = literals.some(({ bytes }) => bytes.length > Request.LITERAL_BYTES_MAX);
    // Pieces must all be known to be joined.
    this.recordsWanted = isPieced ? Infinity : countOnly ? 0 : Math.max(1, maxHits);
    for (const [index, literal] of literals.entries()) {
      for (let at = 0; at < literal.bytes.length; at += Request.LITERAL_BYTES_MAX) {
        const bytes = literal.bytes.subarray(at, at + Request.LITERAL_BYTES_MAX);
        this.scans.push(new Scan(this, { ...literal, bytes }, index, at));
      }
    }
    this.#scansLeft = this.scans.length;
    if (this.#scansLeft === 0) this.end();
  }

  /** A scan that is not done, one in flight if there is one. */
  pendingScan(): Scan | undefined {
    return this.scans.find((scan) => scan.ticket !== undefined) ?? this.scans.find((scan) => !scan.isDone);
  }

  /** One of its scans is done. */
  scanDone(): void {
    if (--this.#scansLeft === 0) this.end();
  }

  /** Nobody wants the answer any more. */
  cancel(): void {
    this.isCancelled = true;
    this.end();
  }

  /** Occurrences of all literals, where they were only counted. */
  get counted(): number | undefined {
    return this.recordsWanted === 0 ? this.scans.reduce((sum, { total }) => sum + total, 0) : undefined;
  }

  /** All records, those of each literal together. */
  batch(): RecordBatch {
    const parts: { words: Uint32Array; literal: number }[] = [];
    for (let index = 0; index < this.literals.length; index++) {
      const pieces = this.scans.filter((scan) => scan.literalIndex === index);
      if (pieces.length === 1) for (const words of pieces[0].records) parts.push({ words, literal: index });
      else parts.push({ words: joinPieces(pieces), literal: index });
    }
    const wordCount = parts.reduce((sum, { words }) => sum + words.length, 0);
    const words = parts.length === 1 ? parts[0].words : new Uint32Array(wordCount);
    const literal = new Uint32Array(wordCount / WORDS);
    if (parts.length > 1) {
      let at = 0;
      for (const part of parts) {
        words.set(part.words, at);
        literal.fill(part.literal, at / WORDS, (at + part.words.length) / WORDS);
        at += part.words.length;
      }
    }
    return { words, literal, count: wordCount / WORDS, truncated: this.isTruncated };
  }
}

/** Records of the first piece behind which every other piece stands in its place. */
function joinPieces(pieces: readonly Scan[]): Uint32Array {
  const positionOf = (words: Uint32Array, at: number): number =>
    (words[at + 3] & SEGMENT_MASK) * 2 ** 32 + words[at];
  const [first, ...rest] = pieces;
  const places = rest.map(({ records, pieceOffset }) => {
    const set = new Set<number>();
    for (const words of records) {
      for (let at = 0; at < words.length; at += WORDS) set.add(positionOf(words, at) - pieceOffset);
    }
    return set;
  });
  const joined: number[] = [];
  for (const words of first.records) {
    for (let at = 0; at < words.length; at += WORDS) {
      const position = positionOf(words, at);
      if (places.every((set) => set.has(position)))
        joined.push(words[at], words[at + 1], words[at + 2], words[at + 3]);
    }
  }
  return Uint32Array.from(joined);
}
