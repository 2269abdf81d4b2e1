/**
 * The queue of the host engine: batches in scratch memory behind the table, and the words that coordinate the threads.
 *
 *   scratch ┌ control words ┬ one stack per thread ┬ piece 0: bytes │ offsets │ results ┬ piece 1 ┬ … ┬ main's piece ┐
 *
 *   a piece:  free ──written──▶ open ──chunks taken, chunk after chunk──▶ all chunks done ──▶ free
 *   the gate: a thread is a reader while it works on a chunk. A writer of the table shuts the gate and waits until
 *             there are no readers (threads/gate.ts).
 *
 * Invariants: a piece is written before it is opened, and not changed until all of its chunks are done. A chunk is
 * taken only once. The generation in `taken` prevents a thread from taking a chunk of a piece that was refilled
 * meanwhile. The table is written only behind a shut gate, so no lookup sees half of a change. A chunk is short
 * (`CHUNK_PATHS`), so a writer waits only for microseconds.
 */
import { Gate, type LinearMemory, SharedFlag, WakeWord } from "../../threads/index.ts";
import { TableHeader } from "../table/index.ts";
import { type LookupProgram, SLACK_BYTES, STACK_BYTES } from "./lookup-program.ts";

/** Number of paths that a thread takes at a time. */
export const CHUNK_PATHS = 512;
/** Maximum number of paths in one piece. */
export const PIECE_PATHS = 32_768;
/** Maximum bytes of the paths in one piece. */
export const PIECE_BYTES = 4 * 1024 * 1024;
/** Number of pieces besides the main thread's own. */
export const PIECE_COUNT = 4;
/** Maximum number of worker threads. */
export const THREADS_MAX = 64;

const CONTROL_BYTES = 4096;
const PIECE_SIZE = PIECE_BYTES + SLACK_BYTES + 4 * (PIECE_PATHS + 16) + 4 * PIECE_PATHS;

/** Number of scratch words that a table must have behind it. */
export const SCRATCH_WORDS =
  (CONTROL_BYTES + (THREADS_MAX + 1) * STACK_BYTES + (PIECE_COUNT + 1) * PIECE_SIZE) / 4;

/** Control words of the queue. */
const WAKE = 0;
const STOP = 1;
const GATE = 2;
const READERS = 3;
const PIECES = 64;
const PIECE_WORDS = 16;

/** Control words of a piece. */
export const PIECE = {
  /** Number of paths in the piece. */
  count: 1,
  /** Generation × 2¹⁷ + number of taken paths; `TAKEN_ALL` of them in a free piece. */
  taken: 2,
  /** Number of paths that have results. */
  done: 3,
  base: 4,
  limit: 5,
  directory: 6,
  follow: 7,
} as const;

const GENERATION_STEP = 2 ** 17;
const TAKEN_ALL = GENERATION_STEP - 1;

/** Addresses of the parts of a piece. */
export interface PiecePlace {
  readonly bytes: number;
  readonly offsets: number;
  readonly results: number;
}

/** Pieces of batches in memory that all threads share. */
export class SharedQueue {
  readonly #control: Int32Array;
  readonly #begin: number;
  /** Rings when there is a piece to look up. */
  readonly wake: WakeWord;
  /** Worker threads are its readers. The writer of the table is its writer. */
  readonly gate: Gate;
  readonly #stopFlag: SharedFlag;

  constructor(memory: LinearMemory) {
    const words = new Uint32Array(memory.buffer, 0, TableHeader.WORDS);
    this.#begin = 4 * words[TableHeader.END_AT];
    this.#control = new Int32Array(memory.buffer, this.#begin, CONTROL_BYTES / 4);
    this.wake = new WakeWord(this.#control, WAKE);
    this.gate = new Gate(this.#control, GATE, READERS);
    this.#stopFlag = new SharedFlag(this.#control, STOP);
  }

  /** Makes all pieces free. For the main thread, before others are started. */
  prepare(): void {
    this.#control.fill(0);
    for (let piece = 0; piece < PIECE_COUNT; piece++) this.free(piece);
  }

  /** Address of a thread's stack. @param thread from 0 on; `THREADS_MAX` is the main thread */
  stack(thread: number): number {
    return this.#begin + CONTROL_BYTES + thread * STACK_BYTES;
  }

  /** Addresses of a piece. @param piece from 0 on; `PIECE_COUNT` is the main thread's own */
  place(piece: number): PiecePlace {
    const bytes = this.#begin + CONTROL_BYTES + (THREADS_MAX + 1) * STACK_BYTES + piece * PIECE_SIZE;
    const offsets = bytes + PIECE_BYTES + SLACK_BYTES;
    return { bytes, offsets, results: offsets + 4 * (PIECE_PATHS + 16) };
  }

  /** Reads a control word of a piece. */
  get(piece: number, word: number): number {
    return Atomics.load(this.#control, PIECES + piece * PIECE_WORDS + word);
  }

  /** Writes a control word of a piece. */
  set(piece: number, word: number, value: number): void {
    Atomics.store(this.#control, PIECES + piece * PIECE_WORDS + word, value);
  }

  /** Adds to a control word of a piece. @returns the previous value */
  add(piece: number, word: number, value: number): number {
    return Atomics.add(this.#control, PIECES + piece * PIECE_WORDS + word, value);
  }

  /** Takes a chunk. @returns index of its first path; −1 if there is none */
  take(piece: number): number {
    const word = PIECES + piece * PIECE_WORDS + PIECE.taken;
    for (;;) {
      const taken = Atomics.load(this.#control, word);
      const first = taken & TAKEN_ALL;
      // If the piece is refilled at this moment, the exchange below fails.
      if (first >= this.get(piece, PIECE.count)) return -1;
      if (Atomics.compareExchange(this.#control, word, taken, taken + CHUNK_PATHS) === taken) return first;
    }
  }

  /** Looks up a taken chunk. @returns whether all chunks of the piece are done now */
  lookup(program: LookupProgram, piece: number, first: number, thread: number): boolean {
    const { bytes, offsets, results } = this.place(piece);
    const count = this.get(piece, PIECE.count);
    const paths = Math.min(CHUNK_PATHS, count - first);
    program(
      bytes,
      this.get(piece, PIECE.base),
      this.get(piece, PIECE.limit),
      offsets + 4 * first,
      paths,
      results + 4 * first,
      this.get(piece, PIECE.directory),
      this.get(piece, PIECE.follow),
      this.stack(thread),
    );
    return this.add(piece, PIECE.done, paths) + paths === count;
  }

  /** Lets threads take chunks of a piece that has been written. */
  open(piece: number): void {
    const word = PIECES + piece * PIECE_WORDS + PIECE.taken;
    this.set(piece, PIECE.done, 0);
    const generation = (Atomics.load(this.#control, word) & ~TAKEN_ALL) + GENERATION_STEP;
    Atomics.store(this.#control, word, generation | 0);
    this.wake.ring();
  }

  /** Frees a piece, so that it may be written again. */
  free(piece: number): void {
    const word = PIECES + piece * PIECE_WORDS + PIECE.taken;
    Atomics.store(this.#control, word, Atomics.load(this.#control, word) | TAKEN_ALL);
  }

  /** Tells all threads to end. */
  stop(): void {
    this.#stopFlag.set();
    this.gate.open();
    this.wake.ring();
  }

  /** Whether the threads were told to end. */
  get isStopped(): boolean {
    return this.#stopFlag.isSet;
  }
}
