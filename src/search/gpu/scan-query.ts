/** A scan on the device: one request for each literal, or for each piece of a literal that is too long for one. */
import { countedHits, type RawHits } from "../backend/index.ts";
import type { Literal } from "../contracts.ts";
import type { DeviceCorpus } from "./device-corpus.ts";
import { DeviceQuery } from "./device-query.ts";
import { DeviceRequest, type RequestTarget } from "./device-request.ts";
import { DeviceHits, type RecordBatch } from "./hit-records.ts";
import { REGION_RECORDS } from "./record-memory.ts";
import { encodeScanRequest } from "./scan-request.ts";
import { Record as HitRecord, Request } from "./scan.schema.ts";

const { WORDS, SEGMENT_MASK } = HitRecord;

/** The search for one literal, or for a piece of a long literal. */
class LiteralRequest extends DeviceRequest {
  readonly literal: Literal;
  readonly literalIndex: number;
  /** Offset of this piece in its literal. */
  readonly pieceOffset: number;
  /** Occurrences that the last answer told of. */
  total = 0;
  readonly #recordsWanted: number;

  constructor(query: ScanQuery, piece: Literal, literalIndex: number, pieceOffset: number) {
    super(query, query.corpus.tileCount);
    this.literal = piece;
    this.literalIndex = literalIndex;
    this.pieceOffset = pieceOffset;
    this.#recordsWanted = query.recordsWanted;
  }

  override get firstCapacity(): number {
    return Math.min(REGION_RECORDS, this.#recordsWanted);
  }

  override encode(words: Uint32Array, target: RequestTarget): number {
    const { corpus } = this.query;
    const skipping = this.ranges === undefined ? corpus.skippingFor(this.literal) : undefined;
    return encodeScanRequest(words, this.literal, target, corpus.pairs, skipping);
  }

  override take(total: number, records: Uint32Array | undefined): boolean {
    this.total = total;
    return super.take(total, records);
  }

  override recordsOfUse(total: number): number {
    return this.capacity >= this.#recordsWanted ? Math.min(total, this.capacity) : super.recordsOfUse(total);
  }

  protected override hasEnough(): boolean {
    return this.records.reduce((sum, { length }) => sum + length / WORDS, 0) >= this.#recordsWanted;
  }
}

/** See the head of this file. */
export class ScanQuery extends DeviceQuery {
  /** Records of each request that are enough; 0: occurrences are only counted. */
  readonly recordsWanted: number;
  readonly #literals: readonly Literal[];
  readonly #scans: readonly LiteralRequest[];

  constructor(corpus: DeviceCorpus, literals: readonly Literal[], maxHits: number, countOnly = false) {
    super(corpus);
    this.#literals = literals;
    const isPieced = literals.some(({ bytes }) => bytes.length > Request.LITERAL_BYTES_MAX);
    // Pieces must all be known to be joined.
    this.recordsWanted = isPieced ? Infinity : countOnly ? 0 : Math.max(1, maxHits);
    const scans: LiteralRequest[] = [];
    for (const [index, literal] of literals.entries()) {
      for (let at = 0; at < literal.bytes.length; at += Request.LITERAL_BYTES_MAX) {
        const bytes = literal.bytes.subarray(at, at + Request.LITERAL_BYTES_MAX);
        scans.push(new LiteralRequest(this, { ...literal, bytes }, index, at));
      }
    }
    this.#scans = scans;
    this.ask(scans);
  }

  hits(): RawHits {
    if (this.recordsWanted === 0)
      return countedHits(
        this.#scans.reduce((sum, { total }) => sum + total, 0),
        false,
      );
    return new DeviceHits(this.#batch(), this.corpus.map, this.#literals);
  }

  /** All records, those of each literal together. */
  #batch(): RecordBatch {
    const parts: { words: Uint32Array; literal: number }[] = [];
    for (let index = 0; index < this.#literals.length; index++) {
      const pieces = this.#scans.filter((scan) => scan.literalIndex === index);
      if (pieces.length === 1) for (const words of pieces[0].records) parts.push({ words, literal: index });
      else parts.push({ words: joinPieces(pieces), literal: index });
    }
    const wordCount = parts.reduce((sum, { words }) => sum + words.length, 0);
    const words = parts.length === 1 ? parts[0].words : new Uint32Array(wordCount);
    const literal = new Uint32Array(wordCount / WORDS);
    let at = 0;
    for (const part of parts) {
      if (part.words !== words) words.set(part.words, at);
      literal.fill(part.literal, at / WORDS, (at + part.words.length) / WORDS);
      at += part.words.length;
    }
    return { words, literal, count: wordCount / WORDS, truncated: this.isTruncated };
  }
}

/** Records of the first piece behind which every other piece stands in its place. */
function joinPieces(pieces: readonly LiteralRequest[]): Uint32Array {
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
