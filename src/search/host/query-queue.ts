/**
 * The queue between the main thread and the host engine's threads, in shared memory.
 *
 *   control words:  │ wake word │ stop │ failed │ … │ slot 0 │ slot 1 │ …
 *   literals:       │ of slot 0 │ of slot 1 │ …                           written by the main thread
 *   mailboxes:      │ slot 0: thread 0, thread 1, … │ slot 1: … │         written by each thread, read by the main thread
 *
 *   a slot:  EMPTY ──main──▶ READY ──first thread──▶ PROCESSING ──last thread──▶ DONE ──main──▶ EMPTY
 *
 * Invariants:
 * - A thread touches a slot only between `enter` and `leave`, and only while it saw READY or PROCESSING in between;
 *   the main thread refills a slot only when it is EMPTY and nobody has entered. So a thread that comes late sees a
 *   finished slot or a whole new query, never half of one.
 * - Units of the corpus are taken from `nextUnit`; a thread publishes its hits before it adds to `unitsDone`; whoever
 *   adds the last unit makes the slot DONE.
 * - Every query has a sequence number that is never used again.
 */
import { EverwarpError } from "../../base/index.ts";
import { SharedFlag, WakeWord } from "../../threads/index.ts";
import type { Literal } from "../contracts.ts";

/** How far the query of a slot has come. */
export const SLOT_STATUS = { EMPTY: 0, READY: 1, PROCESSING: 2, DONE: 3 } as const;

/** Control words before the slots. */
const WAKE = 0;
const STOP = 1;
const FAILED = 2;
const SLOTS_FROM = 16;
const SLOT_WORDS = 16;

/** Words of a slot. */
export const SLOT = {
  status: 0,
  sequence: 1,
  corpus: 2,
  nextUnit: 3,
  unitCount: 4,
  unitsDone: 5,
  literalCount: 6,
  /** The main thread sleeps in its event loop and wants a message. */
  wantsMessage: 7,
  /** Threads inside the slot. */
  entered: 8,
  /** Answers that did not fit a mailbox and are sent as messages. */
  spillCount: 9,
  maxHits: 10,
  hitCount: 11,
  /** HIT_WORDS, or LOCATED_HIT_WORDS where lines and columns are wanted; 0: hits are only counted. */
  hitWords: 12,
  /** Nobody wants the answer: units that were not begun are passed over. */
  isCancelled: 13,
  /** How often `hitCount` has passed 2³². */
  hitCountHigh: 14,
} as const;

/** Room for a query's literals, four bytes of length each included. */
const LITERAL_AREA_BYTES = 64 * 1024;
/** Most literals of one query: their programs must fit a thread's program area. */
const QUERY_LITERAL_COUNT_MAX = 256;
/** Words of a mailbox: one thread, one slot. */
export const MAILBOX_WORDS = 4096;

/** The queue as shared memory, to send to another thread. */
export interface QueueMemory {
  readonly slotCount: number;
  readonly threadCount: number;
  readonly control: SharedArrayBuffer;
  readonly literals: SharedArrayBuffer;
  readonly mailboxes: SharedArrayBuffer;
}

/** Makes an empty queue. */
export function allocateQueue(slotCount: number, threadCount: number): QueueMemory {
  return {
    slotCount,
    threadCount,
    control: new SharedArrayBuffer(4 * (SLOTS_FROM + SLOT_WORDS * slotCount)),
    literals: new SharedArrayBuffer(LITERAL_AREA_BYTES * slotCount),
    mailboxes: new SharedArrayBuffer(4 * MAILBOX_WORDS * slotCount * threadCount),
  };
}

/** Views on the queue; the same on both sides. */
export class QueryQueue {
  readonly slotCount: number;
  readonly threadCount: number;
  readonly control: Int32Array;
  /** Rings when there is something for threads to do. */
  readonly wake: WakeWord;
  /** Set when all threads are to end. */
  readonly stop: SharedFlag;
  /** Set when a thread failed: no answer will come. */
  readonly failed: SharedFlag;
  readonly #literals: Uint8Array;
  readonly #mailboxes: Uint32Array;

  constructor(memory: QueueMemory) {
    this.slotCount = memory.slotCount;
    this.threadCount = memory.threadCount;
    this.control = new Int32Array(memory.control);
    this.wake = new WakeWord(this.control, WAKE);
    this.stop = new SharedFlag(this.control, STOP);
    this.failed = new SharedFlag(this.control, FAILED);
    this.#literals = new Uint8Array(memory.literals);
    this.#mailboxes = new Uint32Array(memory.mailboxes);
  }

  /** Index of a slot's word in `control`. */
  word(slot: number, field: (typeof SLOT)[keyof typeof SLOT]): number {
    return SLOTS_FROM + SLOT_WORDS * slot + field;
  }

  load(slot: number, field: (typeof SLOT)[keyof typeof SLOT]): number {
    return Atomics.load(this.control, this.word(slot, field));
  }

  store(slot: number, field: (typeof SLOT)[keyof typeof SLOT], value: number): void {
    Atomics.store(this.control, this.word(slot, field), value);
  }

  /** @returns the value before */
  add(slot: number, field: (typeof SLOT)[keyof typeof SLOT], value: number): number {
    return Atomics.add(this.control, this.word(slot, field), value);
  }

  /** Counts hits that a thread has found. */
  addHits(slot: number, count: number): void {
    const before = this.add(slot, SLOT.hitCount, count) >>> 0;
    if (before + count >= 2 ** 32) this.add(slot, SLOT.hitCountHigh, 1);
  }

  /** Hits that all threads have found. */
  hitCount(slot: number): number {
    return this.load(slot, SLOT.hitCountHigh) * 2 ** 32 + (this.load(slot, SLOT.hitCount) >>> 0);
  }

  /** Wakes those who sleep on the status of a slot. */
  wakeWaiting(slot: number): void {
    Atomics.notify(this.control, this.word(slot, SLOT.status));
  }

  /** The mailbox of one thread for one slot: words of blocks (or `SPILLED`), words of hits; then blocks; then hits. */
  mailbox(slot: number, thread: number): Uint32Array {
    const from = MAILBOX_WORDS * (slot * this.threadCount + thread);
    return this.#mailboxes.subarray(from, from + MAILBOX_WORDS);
  }

  /** @throws EW_REQUEST_TOO_LARGE, EW_BAD_ARGUMENT */
  writeLiterals(slot: number, literals: readonly Literal[]): void {
    const total = literals.reduce((sum, { bytes }) => sum + 4 + bytes.length, 0);
    if (literals.length > QUERY_LITERAL_COUNT_MAX || total > LITERAL_AREA_BYTES) {
      throw new EverwarpError(
        "EW_REQUEST_TOO_LARGE",
        `a query of ${literals.length} literals and ${total} bytes; ${QUERY_LITERAL_COUNT_MAX} literals and ${LITERAL_AREA_BYTES} bytes fit`,
        { remedy: "Search for shorter literals and verify, or split the query." },
      );
    }
    let at = LITERAL_AREA_BYTES * slot;
    const words = new DataView(this.#literals.buffer);
    for (const { bytes, ignoreAsciiCase } of literals) {
      if (bytes.length === 0) {
        throw new EverwarpError("EW_BAD_ARGUMENT", "a query has an empty literal", {
          remedy: "An empty pattern matches everywhere: plan such a query without the engine.",
        });
      }
      words.setUint32(at, bytes.length + (ignoreAsciiCase ? 0x8000_0000 : 0), true);
      this.#literals.set(bytes, at + 4);
      at += 4 + bytes.length;
    }
    this.store(slot, SLOT.literalCount, literals.length);
  }

  readLiterals(slot: number): Literal[] {
    let at = LITERAL_AREA_BYTES * slot;
    const words = new DataView(this.#literals.buffer);
    return Array.from({ length: this.load(slot, SLOT.literalCount) }, () => {
      const head = words.getUint32(at, true);
      const length = head & 0x7fff_ffff;
      const bytes = this.#literals.slice(at + 4, at + 4 + length);
      at += 4 + length;
      return { bytes, ignoreAsciiCase: head !== length };
    });
  }
}

/** In word 0 of a mailbox: the answer comes as a message. */
export const SPILLED = 0xffff_ffff;

/** Words of a block in an answer: unit, hit count. */
export const BLOCK_WORDS = 2;
/** Words of a hit in an answer: file, offset in the file, literal. */
export const HIT_WORDS = 3;
/** With line and column, both from 1; both 0 where the thread could not know them (in the midst of a large file). */
export const LOCATED_HIT_WORDS = 5;

/** What one thread found for one query: hits, unit by unit, in blocks. */
export interface ThreadAnswer {
  readonly hitWords: number;
  readonly blocks: Uint32Array;
  readonly hits: Uint32Array;
}

/** From a thread to the main thread. */
export type EngineMessage =
  | { kind: "answer"; sequence: number; answer: ThreadAnswer }
  | { kind: "done"; sequence: number };
