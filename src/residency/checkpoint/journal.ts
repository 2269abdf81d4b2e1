/**
 * The requests since a kernel's last checkpoint, in packed words. Checkpoint and journal together restore the kernel's
 * state.
 *
 *     words   ┌ record ┬ record ┬ … ┬ record ┐ free
 *     record  │ tag: priority, answered, word count │ ordinal (once answered) │ payload words … │
 *
 *     published ──▶ in flight (FIFO per priority) ──▶ answered, with the ordinal in which the kernel took it
 *                        └ withdrawn: removed              └ cut: part of a checkpoint, removed
 *
 * Invariants: records are in the order of publishing. The oldest request in flight of a priority is the next one to be
 * answered in that priority. `words` never exceeds `maxBytes`. A request allocates no memory, except that the array
 * sometimes grows. Ordinals are 32-bit numbers that wrap. So they are compared by their distance, never by size.
 */
import { EverwarpError } from "../../base/index.ts";
import type { Priority } from "../queue/index.ts";

const TAG_WORDS = 2;
const ORDINAL = 1;
const URGENT_BIT = 1;
const ANSWERED_BIT = 2;
const WITHDRAWN_BIT = 4;
const COUNT_SHIFT = 8;
const FIRST_WORDS = 4096;

/** The limits of a journal. */
export interface JournalOptions {
  /** Maximum bytes of all records together. */
  maxBytes: number;
  /** Maximum number of requests in flight in one priority: a power of two. */
  maxInFlight: number;
  /** Maximum words of a request. With it, the journal knows early whether another request fits. */
  maxRequestWords: number;
  /** Whether answered requests are kept. A kernel without state needs no replay. */
  keepsAnswered: boolean;
}

/** A request to be performed again. */
export interface ReplayEntry {
  readonly priority: Priority;
  /** A view into the journal: valid until the next request is published or the journal is cut. */
  readonly words: Uint32Array;
  readonly ordinal: number;
}

/** Requests since the last checkpoint. See the head of this file. */
export class Journal {
  /** May change at any time. It affects requests that are answered from then on. */
  keepsAnswered: boolean;
  readonly #maxBytes: number;
  readonly #maxRecordWords: number;
  #words: Uint32Array;
  #end = 0;
  /** Words of records that are no longer needed. */
  #deadWords = 0;
  readonly #answered: [number, number] = [0, 0];
  readonly #inFlight: readonly [PositionQueue, PositionQueue];

  /** @throws EW_BAD_ARGUMENT if the requests in flight alone would not fit */
  constructor(options: JournalOptions) {
    const { maxBytes, maxInFlight, maxRequestWords, keepsAnswered } = options;
    this.#maxRecordWords = TAG_WORDS + maxRequestWords;
    // The second factor 2: compacting then never costs more than publishing the records since the last compaction.
    const leastBytes = 2 * 2 * maxInFlight * this.#maxRecordWords * 4;
    if (!(maxBytes >= leastBytes)) {
      throw new EverwarpError("EW_BAD_ARGUMENT", `a journal of ${maxBytes} bytes`, {
        remedy: `With this many slots it takes at least ${leastBytes} bytes.`,
      });
    }
    this.keepsAnswered = keepsAnswered;
    this.#maxBytes = Math.floor(maxBytes / 4) * 4;
    this.#words = new Uint32Array(Math.min(FIRST_WORDS, this.#maxBytes / 4));
    this.#inFlight = [new PositionQueue(maxInFlight), new PositionQueue(maxInFlight)];
  }

  /** The number of kept answered requests of a priority. */
  answeredCount(priority: Priority): number {
    return this.#answered[priority];
  }

  /** Bytes of the records that are still needed. */
  get usedBytes(): number {
    return (this.#end - this.#deadWords) * 4;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  inFlightCount(priority: Priority): number {
    return this.#inFlight[priority].count;
  }

  /** Whether one more request of any size fits. If not, a checkpoint must be taken and the journal cut. */
  get hasRoom(): boolean {
    return this.usedBytes + this.#maxRecordWords * 4 <= this.#maxBytes;
  }

  /** Whether a checkpoint is due: three quarters of the bytes are used. */
  get isFilling(): boolean {
    return this.usedBytes >= this.#maxBytes * 0.75;
  }

  /** Records a request that is being published. Requires `hasRoom` and a free slot of the priority. */
  published(priority: Priority, payload: Uint32Array, wordCount: number): void {
    if (this.#end + TAG_WORDS + wordCount > this.#words.length) this.#makeRoom(TAG_WORDS + wordCount);
    const words = this.#words;
    const at = this.#end;
    words[at] = priority | (wordCount << COUNT_SHIFT);
    words[at + ORDINAL] = 0;
    for (let index = 0; index < wordCount; index++) words[at + TAG_WORDS + index] = payload[index];
    this.#end = at + TAG_WORDS + wordCount;
    this.#inFlight[priority].push(at);
  }

  /** Records that the oldest request in flight of a priority was answered, as the kernel's `ordinal`-th request. */
  answered(priority: Priority, ordinal: number): void {
    const at = this.#inFlight[priority].shift();
    if (!this.keepsAnswered) {
      this.#forget(at);
      return;
    }
    this.#words[at] |= ANSWERED_BIT;
    this.#words[at + ORDINAL] = ordinal;
    this.#answered[priority]++;
  }

  /** Copies of the words of all requests in flight in a priority, oldest first. */
  inFlight(priority: Priority): Uint32Array[] {
    return this.#inFlight[priority].toArray().map((at) => this.#payload(at).slice());
  }

  /** Removes the requests in flight: they were taken back and will be published again. */
  withdrawInFlight(): void {
    for (const queue of this.#inFlight) while (queue.count > 0) this.#forget(queue.shift());
  }

  /**
   * Removes the answered requests, because a checkpoint contains them. It takes time only in proportion to the requests
   * in flight, because the kernel is parked meanwhile.
   */
  cut(): void {
    const left = this.#inFlight.flatMap((queue) => queue.toArray()).sort((a, b) => a - b);
    for (const queue of this.#inFlight) queue.clear();
    this.#end = 0;
    for (const at of left) this.#keep(at);
    this.#deadWords = 0;
    this.#answered.fill(0);
  }

  /**
   * The answered requests, in the order in which the kernel took them. Within a priority, the order is that of
   * publishing, whatever the ordinals say: several workgroups do not share one count.
   */
  replay(): ReplayEntry[] {
    const priorities: [ReplayEntry[], ReplayEntry[]] = [[], []];
    for (let at = 0; at < this.#end; at += this.#recordWords(at)) {
      const tag = this.#words[at];
      if ((tag & (ANSWERED_BIT | WITHDRAWN_BIT)) !== ANSWERED_BIT) continue;
      const priority = (tag & URGENT_BIT) as Priority;
      priorities[priority].push({ priority, words: this.#payload(at), ordinal: this.#words[at + ORDINAL] });
    }
    return merged(...priorities);
  }

  #recordWords(at: number): number {
    return TAG_WORDS + (this.#words[at] >>> COUNT_SHIFT);
  }

  #payload(at: number): Uint32Array {
    return this.#words.subarray(at + TAG_WORDS, at + this.#recordWords(at));
  }

  #forget(at: number): void {
    this.#words[at] |= WITHDRAWN_BIT;
    this.#deadWords += this.#recordWords(at);
    // The common case of a kernel without state: nothing is left, so the same few cache lines are reused.
    if (this.#deadWords === this.#end) {
      this.#end = 0;
      this.#deadWords = 0;
    }
  }

  #makeRoom(neededWords: number): void {
    if (this.#deadWords * 2 >= this.#words.length) this.#compact();
    if (this.#end + neededWords <= this.#words.length) return;
    const mostWords = this.#maxBytes / 4;
    if (this.#words.length < mostWords) {
      const grown = new Uint32Array(
        Math.min(mostWords, Math.max(this.#words.length * 2, this.#end + neededWords)),
      );
      grown.set(this.#words.subarray(0, this.#end));
      this.#words = grown;
    }
    if (this.#end + neededWords > this.#words.length) this.#compact();
  }

  /** Moves the needed records together. Their order stays, so one pass rebuilds the queues of positions. */
  #compact(): void {
    for (const queue of this.#inFlight) queue.clear();
    const end = this.#end;
    this.#end = 0;
    for (let at = 0, words = 0; at < end; at += words) {
      words = this.#recordWords(at);
      if ((this.#words[at] & WITHDRAWN_BIT) === 0) this.#keep(at);
    }
    this.#deadWords = 0;
  }

  /** Moves a record down to the end of the kept records. */
  #keep(at: number): void {
    const tag = this.#words[at];
    const words = this.#recordWords(at);
    if (at !== this.#end) this.#words.copyWithin(this.#end, at, at + words);
    if ((tag & ANSWERED_BIT) === 0) this.#inFlight[tag & URGENT_BIT].push(this.#end);
    this.#end += words;
  }
}

/** Merges two lists. Each list keeps its order. */
function merged(first: readonly ReplayEntry[], second: readonly ReplayEntry[]): ReplayEntry[] {
  const entries: ReplayEntry[] = [];
  let taken = 0;
  for (const entry of first) {
    while (taken < second.length && ((second[taken].ordinal - entry.ordinal) | 0) < 0)
      entries.push(second[taken++]);
    entries.push(entry);
  }
  return [...entries, ...second.slice(taken)];
}

/** Positions of records, first in, first out, in a ring of fixed size. */
class PositionQueue {
  readonly #ring: Uint32Array;
  #first = 0;
  count = 0;

  constructor(capacity: number) {
    this.#ring = new Uint32Array(capacity);
  }

  push(position: number): void {
    this.#ring[(this.#first + this.count) & (this.#ring.length - 1)] = position;
    this.count++;
  }

  shift(): number {
    const position = this.#ring[this.#first];
    this.#first = (this.#first + 1) & (this.#ring.length - 1);
    this.count--;
    return position;
  }

  clear(): void {
    this.#first = 0;
    this.count = 0;
  }

  toArray(): number[] {
    return Array.from(
      { length: this.count },
      (_, index) => this.#ring[(this.#first + index) & (this.#ring.length - 1)],
    );
  }
}
