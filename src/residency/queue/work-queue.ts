/**
 * One priority of the work queue. A host thread and a running kernel communicate through mapped memory alone.
 *
 *     upload memory (host writes, kernel polls)               readback memory (kernel writes, host polls)
 *     ┌ slot 0 ┬ slot 1 ┬ … ┬ slot N−1 ┐                       ┌ completion 0 ┬ … ┬ completion N−1 ┐
 *       4 × (3 payload words, seal)                               result low, result high, ordinal, seal
 *       12 × 4 more words, written before the header              V − 1 × (3 content words, seal)
 *
 *     state of a slot      EMPTY       it contains an earlier sequence number; no request of ours is in flight
 *                          READY       the slot's header is sealed with the request's sequence number
 *                          PROCESSING  some workgroups have arrived (in device memory, invisible to the host)
 *                          DONE        the completion is sealed with the sequence number
 *
 * Guarantees:
 * - Sequence numbers rise by one (modulo 2³²). Request s uses slot s mod N. So a slot is reused only after its last
 *   request was answered and all workgroups have passed it.
 * - Each request completes exactly once.
 * - A full queue gives EW_QUEUE_FULL and never waits.
 * - A kernel answers a priority in the order of the numbers. So a check of all requests ends at the first unanswered
 *   one.
 * - Only one thread uses the host's side.
 */
import { EverwarpError } from "../../base/index.ts";
import { Queue } from "./queue.schema.ts";
import { sealMix, sealNumberAt } from "./seal.ts";
import { drainWriteCombining } from "./write-combining.ts";

const { SLOT_VECTORS, HEADER_VECTORS, HEADER_WORDS } = Queue;
const SLOT_WORDS = SLOT_VECTORS * 4;
const EXTENSION_WORDS = SLOT_WORDS - HEADER_VECTORS * 4;
/** Maximum payload words of a request: header and extension. */
export const PAYLOAD_WORDS_MAX = HEADER_WORDS + EXTENSION_WORDS;

const COMPLETION_RESULT_LOW = 0;
const COMPLETION_RESULT_HIGH = 1;
const COMPLETION_ORDINAL = 2;

/** A request that was submitted. */
export class Ticket {
  readonly priority: number;
  readonly sequence: number;
  /** True as soon as the host has seen the answer. */
  isDone = false;
  /** The sum of the contributions of all workgroups, up to 2⁴⁸. */
  result = 0;
  /**
   * The position in which workgroup 0 took the request, counted over both priorities. In a queue with one priority it
   * is the sequence number. Modulo 2³².
   */
  ordinal = 0;
  /** Content of the completion's further vectors, three words each; undefined if there are none. */
  words: Uint32Array | undefined;
  /** The error of a request that ended without an answer. */
  failure: EverwarpError | undefined;
  /** Whether the first workgroup answers without waiting for the others. */
  readonly isAlone: boolean;

  constructor(priority: number, sequence: number, isAlone = false) {
    this.priority = priority;
    this.sequence = sequence;
    this.isAlone = isAlone;
  }
}

/** The host's side of the work queue of one priority. See the head of this file. */
export class WorkQueue {
  readonly priority: number;
  /** Number of slots, a power of two. */
  readonly capacity: number;
  /** Sequence number of the next request. */
  nextSequence = 1;
  /** Sequence number of the oldest unanswered request; equal to `nextSequence` if there is none. */
  oldestSequence = 1;
  /**
   * Every workgroup has passed the requests below this number, because a request that all of them count was answered.
   */
  #passedSequence = 1;
  readonly #slots: Uint32Array;
  readonly #completions: Uint32Array;
  /** Words of a completion. */
  readonly #completionWords: number;
  readonly #tickets: (Ticket | undefined)[];

  /**
   * @param slots the mapped slots, capacity × 256 bytes
   * @param completions the mapped completions, capacity × V × 16 bytes
   */
  constructor(slots: Uint32Array, completions: Uint32Array, priority = 0) {
    this.priority = priority;
    this.capacity = slots.length / SLOT_WORDS;
    this.#completionWords = completions.length / this.capacity;
    if (!Number.isInteger(Math.log2(this.capacity)) || !Number.isInteger(this.#completionWords / 4)) {
      throw new EverwarpError(
        "EW_BAD_ARGUMENT",
        `a work queue of ${slots.length} slot words and ${completions.length} completion words ` +
          "has no power-of-two capacity",
      );
    }
    this.#slots = slots;
    this.#completions = completions;
    this.#tickets = Array.from<Ticket | undefined>({ length: this.capacity });
  }

  /** Requests that were submitted and not answered. */
  get inFlightCount(): number {
    return (this.nextSequence - this.oldestSequence) >>> 0;
  }

  get isFull(): boolean {
    return this.inFlightCount === this.capacity || this.#unpassedCount === this.capacity;
  }

  /**
   * Whether the first workgroup may answer the next request alone. From time to time all workgroups must count a
   * request, before the queue runs out of free slots.
   */
  get mayBeAlone(): boolean {
    return this.#unpassedCount < this.capacity >>> 1;
  }

  get #unpassedCount(): number {
    return (this.nextSequence - this.#passedSequence) >>> 0;
  }

  /**
   * Publishes a request and returns at once.
   * @param payload up to PAYLOAD_WORDS_MAX words; the first 12 are in the header and are the fastest
   * @param isAlone the first workgroup answers without waiting for the others (RESIDENCY_ALONE); requires `mayBeAlone`
   * @throws EW_QUEUE_FULL if every slot is in flight, EW_REQUEST_TOO_LARGE if the payload does not fit a slot
   */
  submit(payload: Uint32Array, wordCount: number = payload.length, isAlone = false): Ticket {
    if (this.isFull) {
      throw new EverwarpError("EW_QUEUE_FULL", `all ${this.capacity} slots of the work queue are in flight`, {
        remedy: "Wait for one of the requests, or open the kernel with more slots.",
      });
    }
    if (wordCount > PAYLOAD_WORDS_MAX) {
      throw new EverwarpError(
        "EW_REQUEST_TOO_LARGE",
        `a payload of ${wordCount * 4} bytes does not fit a slot, which has room for ${PAYLOAD_WORDS_MAX * 4}`,
      );
    }
    const sequence = this.nextSequence;
    const slot = (sequence & (this.capacity - 1)) >>> 0;
    const base = slot * SLOT_WORDS;
    const slots = this.#slots;
    if (wordCount > HEADER_WORDS) {
      const extension = base + HEADER_VECTORS * 4 - HEADER_WORDS;
      for (let index = HEADER_WORDS; index < wordCount; index++) slots[extension + index] = payload[index];
      drainWriteCombining();
    }
    for (let vector = 0, index = 0; vector < HEADER_VECTORS; vector++, index += 3) {
      const at = base + vector * 4;
      const x = index < wordCount ? payload[index] : 0;
      const y = index + 1 < wordCount ? payload[index + 1] : 0;
      const z = index + 2 < wordCount ? payload[index + 2] : 0;
      slots[at] = x;
      slots[at + 1] = y;
      slots[at + 2] = z;
      slots[at + 3] = sequence + sealMix(x, y, z);
    }
    drainWriteCombining();
    const ticket = new Ticket(this.priority, sequence, isAlone);
    this.#tickets[slot] = ticket;
    this.nextSequence = (sequence + 1) >>> 0;
    return ticket;
  }

  /** Checks once whether a request was answered: all its vectors must have arrived. */
  check(ticket: Ticket): boolean {
    if (ticket.isDone) return true;
    const { sequence } = ticket;
    const wordCount = this.#completionWords;
    const base = (sequence & (this.capacity - 1)) * wordCount;
    const completions = this.#completions;
    for (let at = base; at < base + wordCount; at += 4)
      if (sealNumberAt(completions, at) !== sequence) return false;
    ticket.result =
      completions[base + COMPLETION_RESULT_LOW] + completions[base + COMPLETION_RESULT_HIGH] * 2 ** 32;
    ticket.ordinal = completions[base + COMPLETION_ORDINAL];
    if (wordCount > 4) ticket.words = contentOf(completions, base + 4, base + wordCount);
    ticket.isDone = true;
    // Each workgroup takes requests in order. So a workgroup that arrived for this request has passed all earlier ones.
    if (!ticket.isAlone && (sequence - this.#passedSequence) >>> 0 < this.capacity)
      this.#passedSequence = (sequence + 1) >>> 0;
    this.#retire();
    return true;
  }

  /** Checks the requests in flight once, up to the first unanswered one. Returns how many were found answered. */
  checkAll(): number {
    let found = 0;
    for (
      let sequence = this.oldestSequence;
      sequence !== this.nextSequence;
      sequence = (sequence + 1) >>> 0
    ) {
      const ticket = this.#tickets[(sequence & (this.capacity - 1)) >>> 0];
      if (ticket === undefined || ticket.isDone) continue;
      if (!this.check(ticket)) break;
      found++;
    }
    return found;
  }

  /** Ends every request in flight with `failure`. The kernel must have stopped. */
  failAll(failure: EverwarpError): void {
    for (const ticket of this.#tickets) {
      if (ticket === undefined || ticket.isDone) continue;
      ticket.failure = failure;
      ticket.isDone = true;
    }
    this.#retire();
    this.#passedSequence = this.nextSequence;
  }

  /** Advances past answered requests, so that their slots become free. */
  #retire(): void {
    while (this.oldestSequence !== this.nextSequence) {
      const slot = (this.oldestSequence & (this.capacity - 1)) >>> 0;
      if (this.#tickets[slot]?.isDone === false) return;
      this.#tickets[slot] = undefined;
      this.oldestSequence = (this.oldestSequence + 1) >>> 0;
    }
  }
}

/** The content of vectors whose seals were checked. */
function contentOf(words: Uint32Array, begin: number, end: number): Uint32Array {
  const content = new Uint32Array(((end - begin) / 4) * 3);
  for (let from = begin, to = 0; from < end; from += 4, to += 3) {
    content[to] = words[from];
    content[to + 1] = words[from + 1];
    content[to + 2] = words[from + 2];
  }
  return content;
}
