/** A match on the device: one request for the matches of an automaton in all lines of a corpus. */
import type { RawHits } from "../backend/index.ts";
import type { DeviceCorpus } from "./device-corpus.ts";
import { DeviceQuery } from "./device-query.ts";
import { DeviceRequest, type RequestTarget } from "./device-request.ts";
import { MatchHits } from "./match-hits.ts";
import type { MatchShape } from "./match-shape.ts";
import type { PackedTables } from "./match-tables.ts";
import { MatchRequest } from "./scan.schema.ts";
import type { TableSlot } from "./table-slots.ts";

/** What a match needs of its kernel. */
export interface MatchGround {
  readonly shape: MatchShape;
  /** Takes a slot; undefined while all are in use. */
  takeSlot(tables: PackedTables): TableSlot | undefined;
}

/** See the head of this file. */
export class MatchQuery extends DeviceQuery {
  readonly ground: MatchGround;
  readonly tables: PackedTables;
  readonly maxHits: number;
  readonly #request: LinesRequest;

  constructor(corpus: DeviceCorpus, tables: PackedTables, maxHits: number, ground: MatchGround) {
    super(corpus);
    this.tables = tables;
    this.maxHits = maxHits;
    this.ground = ground;
    this.#request = new LinesRequest(this);
    this.ask(corpus.matchTileCount === 0 ? [] : [this.#request]);
  }

  hits(): RawHits {
    const { corpus, isTruncated, ground } = this;
    return new MatchHits(this.#request.records, corpus, ground.shape.shareBytes, isTruncated);
  }
}

class LinesRequest extends DeviceRequest {
  readonly #match: MatchQuery;
  #slot: TableSlot | undefined;

  constructor(match: MatchQuery) {
    super(match, match.corpus.matchTileCount);
    this.#match = match;
  }

  override acquire(): boolean {
    this.#slot ??= this.#match.ground.takeSlot(this.#match.tables);
    return this.#slot !== undefined;
  }

  override release(): void {
    this.#slot?.release();
    this.#slot = undefined;
  }

  override encode(words: Uint32Array, target: RequestTarget): number {
    const { number, address, sharedWords } = this.#slot as TableSlot;
    const { lineBlocksMax, stepsMax } = this.#match.ground.shape;
    words[MatchRequest.CORPUS] = target.corpusIndex;
    words[MatchRequest.RECORD_BASE] = target.recordBase;
    words[MatchRequest.RECORD_CAPACITY] = target.recordCapacity;
    words[MatchRequest.RANGE_BEGIN] = target.rangeBegin;
    words[MatchRequest.RANGE_END] = target.rangeEnd;
    words[MatchRequest.TABLE] = number;
    words[MatchRequest.TABLE_LOW] = address.low;
    words[MatchRequest.TABLE_HIGH] = address.high;
    words[MatchRequest.TABLE_VECTORS] = sharedWords / 4;
    words[MatchRequest.LINE_BLOCKS] = lineBlocksMax;
    words[MatchRequest.STEPS] = stepsMax;
    return MatchRequest.WORDS;
  }

  /** Of an answer that does not fit, the first records may be enough. */
  override recordsOfUse(total: number): number {
    return this.#match.maxHits === Infinity ? super.recordsOfUse(total) : Math.min(total, this.capacity);
  }

  protected override hasEnough(): boolean {
    const { maxHits, corpus, ground } = this.#match;
    // Records are also undecided lines, and what lies between two files.
    return (
      maxHits !== Infinity &&
      new MatchHits(this.records, corpus, ground.shape.shareBytes, true).count >= maxHits
    );
  }
}
