/**
 * Where batches lie while threads look them up: scratch memory behind the table, and the words by which threads agree.
 *
 *   scratch ┌ control words ┬ stacks, one a thread ┬ piece 0: bytes │ offsets │ results ┬ piece 1 ┬ … ┬ main's piece ┐
 *
 *   a piece:  free ──written──▶ open ──chunks taken, chunk after chunk──▶ all chunks done ──▶ free
 *   the gate: a thread is a READER while it works on a chunk. A writer of the table shuts the gate and waits until
 *   there are
 *             no readers
 *
 * Invariants: a piece is written before it is opened, and not touched until all of its chunks are done. A chunk is
 * taken once. The generation in `taken` keeps a thread from taking a chunk of a piece that was filled anew meanwhile.
 * The table is written only behind a shut gate, so no lookup sees half of a change. A chunk is short (`CHUNK_PATHS`),
 * so a writer waits for
 * microseconds.
 */
import type { LinearMemory } from "../../threads/index.ts";
import { TableHeader } from "../table/index.ts";
import { type LookupProgram, SLACK_BYTES, STACK_BYTES } from "./lookup-program.ts";

/** Paths that a thread takes at a time. */
export const CHUNK_PATHS = 512;
/** Most paths of one piece. */
export const PIECE_PATHS = 32_768;
/** Most bytes of the paths of one piece. */
export const PIECE_BYTES = 4 * 1024 * 1024;
/** Pieces besides the main thread's own. */
export const PIECE_COUNT = 4;
/** Most threads besides the main thread. */
export const THREADS_MAX = 64;

const CONTROL_BYTES = 4096;
const PIECE_SIZE = PIECE_BYTES + SLACK_BYTES + 4 * (PIECE_PATHS + 16) + 4 * PIECE_PATHS;

/** Words of scratch memory that a table must have behind it. */
export const SCRATCH_WORDS =
  (CONTROL_BYTES + (THREADS_MAX + 1) * STACK_BYTES + (PIECE_COUNT + 1) * PIECE_SIZE) / 4;

/** Control words of the queue. */
const DOORBELL = 0;
const STOP = 1;
const GATE = 2;
const READERS = 3;
const PIECES = 64;
const PIECE_WORDS = 16;

/** Control words of a piece. */
export const PIECE = {
  /** Number of paths in it. */
  count: 1,
  /** Generation × 2¹⁷ + paths that threads have taken; `TAKEN_ALL` of them in a free piece. */
  taken: 2,
  /** Paths whose results are there. */
  done: 3,
  base: 4,
  limit: 5,
  directory: 6,
  follow: 7,
} as const;

const GENERATION_STEP = 2 ** 17;
const TAKEN_ALL = GENERATION_STEP - 1;

/** Where the parts of a piece lie, as addresses in the memory. */
export interface PiecePlace {
  readonly bytes: number;
  readonly offsets: number;
  readonly results: number;
}

/** Pieces of batches in memory that all threads see. */
export class SharedQueue {
  readonly #control: Int32Array;
  readonly #begin: number;

  constructor(memory: LinearMemory) {
    const words = new Uint32Array(memory.buffer, 0, TableHeader.WORDS);
    this.#begin = 4 * words[TableHeader.END_AT];
    this.#control = new Int32Array(memory.buffer, this.#begin, CONTROL_BYTES / 4);
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

  /** Where a piece lies. @param piece from 0 on; `PIECE_COUNT` is the main thread's own */
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

  /** Adds to a control word of a piece. @returns its value before */
  add(piece: number, word: number, value: number): number {
    return Atomics.add(this.#control, PIECES + piece * PIECE_WORDS + word, value);
  }

  /** Takes a chunk. @returns index of its first path; −1 if there is none */
  take(piece: number): number {
    const word = PIECES + piece * PIECE_WORDS + PIECE.taken;
    for (;;) {
      const taken = Atomics.load(this.#control, word);
      const first = taken & TAKEN_ALL;
      // If the piece is filled anew right here, the exchange fails.
      if (first >= this.get(piece, PIECE.count)) return -1;
      if (Atomics.compareExchange(this.#control, word, taken, taken + CHUNK_PATHS) === taken) return first;
    }
  }

  /** Looks up a chunk that was taken. @returns whether the piece is done with it */
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

  /** Lets threads take chunks of a piece that was written. */
  open(piece: number): void {
    const word = PIECES + piece * PIECE_WORDS + PIECE.taken;
    this.set(piece, PIECE.done, 0);
    const generation = (Atomics.load(this.#control, word) & ~TAKEN_ALL) + GENERATION_STEP;
    Atomics.store(this.#control, word, generation | 0);
    this.ring();
  }

  /** Frees a piece. Only then may it be written again. */
  free(piece: number): void {
    const word = PIECES + piece * PIECE_WORDS + PIECE.taken;
    Atomics.store(this.#control, word, Atomics.load(this.#control, word) | TAKEN_ALL);
  }

  // Threads

  /** The count of rings so far. */
  get doorbell(): number {
    return Atomics.load(this.#control, DOORBELL);
  }

  /** Wakes all threads that sleep. */
  ring(): void {
    Atomics.add(this.#control, DOORBELL, 1);
    Atomics.notify(this.#control, DOORBELL);
  }

  /** Sleeps until the doorbell rings; not at all if it has rung since `seen`. */
  sleep(seen: number): void {
    Atomics.wait(this.#control, DOORBELL, seen);
  }

  /** Are threads to end? */
  get isStopped(): boolean {
    return Atomics.load(this.#control, STOP) !== 0;
  }

  /** Ends all threads. */
  stop(): void {
    Atomics.store(this.#control, STOP, 1);
    Atomics.store(this.#control, GATE, 0);
    Atomics.notify(this.#control, GATE);
    this.ring();
  }

  // The gate

  /** For a thread: waits while the gate is shut, then goes in. */
  enter(): void {
    for (;;) {
      Atomics.add(this.#control, READERS, 1);
      if (Atomics.load(this.#control, GATE) === 0) return;
      this.leave();
      Atomics.wait(this.#control, GATE, 1);
    }
  }

  /** For a thread: goes out of the gate. */
  leave(): void {
    Atomics.sub(this.#control, READERS, 1);
    if (Atomics.load(this.#control, GATE) !== 0) Atomics.notify(this.#control, READERS);
  }

  /** For the main thread: lets `write` run while no thread reads the table. */
  exclusively<T>(write: () => T): T {
    Atomics.store(this.#control, GATE, 1);
    try {
      for (let readers; (readers = Atomics.load(this.#control, READERS)) > 0;)
        Atomics.wait(this.#control, READERS, readers, 1);
      return write();
    } finally {
      Atomics.store(this.#control, GATE, 0);
      Atomics.notify(this.#control, GATE);
    }
  }
}
