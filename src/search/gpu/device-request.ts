/**
 * One thing that a kernel is asked: a range of a corpus, and room for the records of what is found there.
 *
 *     request:  whole corpus, small region ──fits──▶ done
 *                      │ does not fit
 *                      ▼
 *               ranges of tiles, spill region, one after the other; a range that does not fit is halved ──▶ done
 */
import type { Ticket } from "../../residency/index.ts";
import type { DeviceCorpus } from "./device-corpus.ts";
import { REGION_RECORDS, SPILL_RECORDS } from "./record-memory.ts";

/** Tiles [begin, end). */
export interface TileRange {
  begin: number;
  end: number;
}

/** Where a request looks and where its hits go. */
export interface RequestTarget {
  corpusIndex: number;
  recordBase: number;
  recordCapacity: number;
  /** Tiles [rangeBegin, rangeEnd) of the corpus. */
  rangeBegin: number;
  rangeEnd: number;
}

/** What a request belongs to. */
export interface RequestOwner {
  /** Later owners have higher numbers. */
  readonly number: number;
  readonly corpus: DeviceCorpus;
  isTruncated: boolean;
  /** Nobody wants the answer: no request is sent any more. */
  readonly isCancelled: boolean;
  /** One of the requests is done. */
  requestDone(): void;
  /** A request failed. */
  end(failure: unknown): void;
}

/** See the head of this file. */
export abstract class DeviceRequest {
  readonly query: RequestOwner;
  /** Records copied out so far. */
  readonly records: Uint32Array[] = [];
  /** In flight as this. */
  ticket: Ticket | undefined;
  /** Region that the records of the request in flight go to; −1: none. */
  region = -1;
  capacity = 0;
  /** Ranges that are still to be looked at with the spill region; undefined before the first try. */
  ranges: TileRange[] | undefined;
  isDone = false;
  /** Tiles of the whole corpus. */
  readonly #tileCount: number;

  constructor(query: RequestOwner, tileCount: number) {
    this.query = query;
    this.#tileCount = tileCount;
  }

  /** What the kernel is asked next. */
  get range(): TileRange {
    return this.ranges?.[0] ?? { begin: 0, end: this.#tileCount };
  }

  /** Records that are of use at the first try. */
  get firstCapacity(): number {
    return REGION_RECORDS;
  }

  /** Takes what the request needs beside a region. @returns false where that is not free; asked again then */
  acquire(): boolean {
    return true;
  }

  /** Gives back what `acquire` took. */
  release(): void {}

  /** Writes the request's words; returns how many they are. */
  abstract encode(words: Uint32Array, target: RequestTarget): number;

  /** Of `total` records in the range, how many of those that were written are worth being copied. */
  recordsOfUse(total: number): number {
    return total <= this.capacity ? total : 0;
  }

  /**
   * Takes an answer.
   * @param total records of the range that was asked for
   * @param records those that were copied
   * @returns true when nothing is left to be asked
   */
  take(total: number, records: Uint32Array | undefined): boolean {
    const isComplete = total <= this.capacity;
    const isLast = isComplete && (this.ranges?.length ?? 1) === 1;
    if (records !== undefined) this.records.push(records);
    if (isLast) return (this.isDone = true);
    if (this.hasEnough()) {
      this.query.isTruncated = true;
      return (this.isDone = true);
    }
    if (!isComplete && records !== undefined) this.records.pop();
    if (this.ranges === undefined) {
      // A little more than would do if the hits were spread evenly.
      this.ranges = cut(this.range, Math.ceil((total / SPILL_RECORDS) * 1.25));
      return false;
    }
    const range = this.ranges.shift() as TileRange;
    if (!isComplete) this.ranges.unshift(...cut(range, 2));
    return false;
  }

  /** Are `records` all that is wanted, whatever else there is? */
  protected abstract hasEnough(): boolean;
}

function cut({ begin, end }: TileRange, parts: number): TileRange[] {
  const count = Math.max(1, Math.min(parts, end - begin));
  return Array.from({ length: count }, (_, part) => ({
    begin: begin + Math.floor(((end - begin) * part) / count),
    end: begin + Math.floor(((end - begin) * (part + 1)) / count),
  }));
}
