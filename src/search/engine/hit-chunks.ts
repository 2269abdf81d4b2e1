/** Hits that come chunk by chunk, in order. They are put together at the end, in slices, without a look at each hit. */
import { nowMs } from "../../base/index.ts";
import type { HitList } from "../contracts.ts";
import { columnsFor, copyHits, type FoundHits, NO_HITS } from "../verifier/index.ts";

/** Hits that are copied between two looks at the clock. */
const COPIED_HITS = 1 << 15;

/** See the head of this file. */
export class HitChunks {
  /** Hits of all chunks. */
  count = 0;
  readonly #isCountOnly: boolean;
  #chunks: FoundHits[] = [];
  #gathered: HitList | undefined;
  #gatheredCount = 0;
  #nextChunk = 0;
  #nextHit = 0;

  /** @param isCountOnly chunks have counts, and no hits */
  constructor(isCountOnly: boolean) {
    this.#isCountOnly = isCountOnly;
  }

  /** Adds a chunk. It is kept as it is until hits are gathered. */
  append(hits: FoundHits): void {
    if (hits.count === 0) return;
    this.count += hits.count;
    if (!this.#isCountOnly) this.#chunks.push(hits);
  }

  /**
   * Puts hits together. Nothing may be appended from then on, until they are taken.
   * @param wanted so many hits of the first
   * @returns false if the slice was over first
   */
  gather(wanted: number, sliceEndMs: number): boolean {
    if (this.#isCountOnly) return true;
    this.#gathered ??= columnsFor(wanted);
    const to = this.#gathered;
    while (this.#gatheredCount < wanted) {
      const chunk = this.#chunks[this.#nextChunk] as FoundHits;
      const left = Math.min(wanted - this.#gatheredCount, chunk.count - this.#nextHit, COPIED_HITS);
      copyHits(to, this.#gatheredCount, chunk, this.#nextHit, this.#nextHit + left);
      this.#gatheredCount += left;
      this.#nextHit += left;
      if (this.#nextHit === chunk.count) {
        this.#nextChunk++;
        this.#nextHit = 0;
      }
      if (nowMs() >= sliceEndMs && this.#gatheredCount < wanted) return false;
    }
    return true;
  }

  /** Takes the first hits, as many as are wanted. All are dropped here. */
  take(wanted: number): HitList {
    this.gather(wanted, Infinity);
    const hits = this.#gathered ?? { ...NO_HITS, count: wanted };
    this.count = 0;
    this.#chunks = [];
    this.#gathered = undefined;
    this.#gatheredCount = 0;
    this.#nextChunk = 0;
    this.#nextHit = 0;
    return hits;
  }
}
