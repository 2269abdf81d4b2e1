/**
 * One search of a tree in flight.
 *
 *   batches ──▶ kept ──▶ wait: all of them, joined
 *                 └────▶ stream: files of which all hits are there
 *
 * Invariants: whatever was given on is never given again. While nobody takes hits, no more than `KEPT_HITS_MAX` of them
 * and a batch are kept.
 */
import type { EverwarpError } from "../../base/index.ts";
import { abortedError, streamedError, type TextSearch } from "../../search/index.ts";
import {
  type HitBatch,
  type HitFile,
  hitColumns,
  type HitsReport,
  joinBatches,
  TreeHits,
  wholeFiles,
} from "../hits/index.ts";
import type { TreeAsking } from "./tree-asking.ts";

const KEPT_HITS_MAX = 1 << 18;

/** Something that is asked. */
export interface Call<T> {
  readonly ended: Promise<T>;
  /** Ends it with an error, if it has not ended. */
  end(error: EverwarpError): void;
}

/** Asks in its turn. @param mayRepeat asked where the answer broke off */
type Caller = (
  work: (signal: AbortSignal) => Promise<HitsReport>,
  mayRepeat: () => boolean,
) => Call<HitsReport>;

/** One query in flight: wait for its result, or take its hits while they come. Made by `TreeEngine.submit`. */
export class TreeSearch implements TextSearch {
  readonly #place: HitsPlace;
  readonly #call: Call<HitsReport>;
  #batches: HitBatch[] = [];
  #keptHits = 0;
  #hasGiven = false;
  #wayToTake: "wait" | "stream" | undefined;
  #result: Promise<TreeHits> | undefined;
  #hasEnded = false;
  /** Wakes whoever waits for batches, or for their being taken. */
  #wake: () => void = () => undefined;

  /** @internal */
  constructor(
    place: HitsPlace,
    ask: (signal: AbortSignal) => AsyncGenerator<HitBatch, HitsReport, undefined>,
    caller: Caller,
  ) {
    this.#place = { directory: place.directory, allText: place.allText };
    this.#call = caller(
      (signal) => this.#pump(ask(signal), signal),
      () => !this.#hasGiven,
    );
    const end = (): void => {
      this.#hasEnded = true;
      this.#wake();
    };
    this.#call.ended.then(end, end);
  }

  /** Resolves when the result is there. @throws as `TreeEngine.search`; EW_BAD_ARGUMENT where the hits are streamed */
  async wait(): Promise<TreeHits> {
    if (this.#wayToTake === "stream") throw streamedError();
    this.#wayToTake = "wait";
    this.#wake();
    return (this.#result ??= this.#whole());
  }

  /**
   * Gives the hits in runs of whole files, in the order of the final result, as they come. Leaving the loop calls the
   * search off. A search that is streamed has no other result.
   * @throws as `wait`
   */
  async *stream(): AsyncGenerator<TreeHits, void, undefined> {
    if (this.#wayToTake === "wait") {
      yield await this.wait();
      return;
    }
    if (this.#wayToTake === "stream") throw streamedError();
    this.#wayToTake = "stream";
    const files: HitFile[] = [];
    let rest = hitColumns(0);
    try {
      while (!this.#hasEnded || this.#batches.length > 0) {
        this.#wake();
        if (this.#batches.length === 0) await this.#turn();
        const batch = joinBatches([{ files: [], columns: rest }, ...this.#takeBatches()]);
        for (const file of batch.files) files.push(file);
        const { whole, rest: others } = wholeFiles(batch.columns);
        rest = others;
        if (whole.count === 0) continue;
        this.#hasGiven = true;
        yield this.#hits({ files, columns: whole }, NOT_YET);
      }
      const report = await this.#call.ended;
      if (rest.count > 0) yield this.#hits({ files, columns: rest }, report);
    } finally {
      this.#call.end(abortedError(undefined)); // the caller has left the loop, unless the search has ended
    }
  }

  /** `for await (const hits of search)` is the same as of `stream`. */
  [Symbol.asyncIterator](): AsyncGenerator<TreeHits, void, undefined> {
    return this.stream();
  }

  async #whole(): Promise<TreeHits> {
    const report = await this.#call.ended;
    return this.#hits(joinBatches(this.#takeBatches()), report);
  }

  async #pump(
    answer: AsyncGenerator<HitBatch, HitsReport, undefined>,
    signal: AbortSignal,
  ): Promise<HitsReport> {
    this.#takeBatches(); // of an answer that broke off
    for (;;) {
      const { done, value } = await answer.next();
      if (done === true) return value;
      this.#batches.push(value);
      this.#keptHits += value.columns.count;
      this.#wake();
      while (this.#wayToTake !== "wait" && this.#keptHits > KEPT_HITS_MAX && !signal.aborted)
        await this.#turn();
    }
  }

  /** Resolves at the next wake. The pump and the stream never wait at the same time. */
  #turn(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #takeBatches(): HitBatch[] {
    this.#keptHits = 0;
    return this.#batches.splice(0);
  }

  #hits({ files, columns }: HitBatch, report: HitsReport): TreeHits {
    return new TreeHits({ files, columns, ...this.#place, ...report });
  }
}

/** What hits are read by. */
type HitsPlace = Pick<TreeAsking, "directory" | "allText">;

/** What is known of a search that goes on. */
const NOT_YET: HitsReport = { truncated: false, skippedFiles: [], roundTripUs: 0, verifyUs: 0 };
