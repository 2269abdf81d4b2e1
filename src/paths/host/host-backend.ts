/**
 * Looks up paths in the table itself: small batches on this thread, large ones together with worker threads.
 *
 *   lookup ─┬─ few paths ──▶ this thread, at once
 *           └─ many ──▶ pending ──cut──▶ pieces in the shared queue ──chunks──▶ all threads ──▶ results
 *
 * Invariants: batches are divided into pieces in order. Pieces of several batches may be in the shared queue at the
 * same time. A batch is answered when all of its pieces are done. This thread takes chunks like the others, and lets
 * its event loop run every few milliseconds. The first large batch starts the worker threads without waiting for them.
 * Worker threads keep the process alive only while they work.
 */
import { availableParallelism } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { EverwarpError, nowMs, SLICE_MS, SPIN_MS, wholeNumber } from "../../base/index.ts";
import { startAsMany, startWorkerThread } from "../../threads/index.ts";
import { ERRNO, ROOT_INODE, type PathTable } from "../table/index.ts";
import {
  type LookupOptions,
  type PackedPaths,
  type Backend,
  checkPacked,
  type PathLike,
} from "../lookup/index.ts";
import { SharedQueue, PIECE, PIECE_COUNT, THREADS_MAX } from "./shared-queue.ts";
import { type LookupProgram, openLookupProgram } from "./lookup-program.ts";
import type { LookupThreadData } from "./lookup-worker.ts";
import { EventLoopTurns } from "../../engine/index.ts";
import { PackedSource, type PathSource, TextSource } from "./path-source.ts";

/** Up to this number of paths, a lookup takes less time than waking threads. */
const SMALL_PATHS = 1024;

/** Options of the host engine. */
export interface HostBackendOptions {
  /** Number of worker threads for large batches, besides this thread. Default: one fewer than there are cores. */
  threads?: number;
}

interface Batch {
  readonly source: PathSource;
  readonly directory: number;
  readonly follow: number;
  readonly results: Int32Array;
  /** The next path to put into the shared queue. */
  next: number;
  /** Number of paths without a result. */
  missing: number;
  readonly resolve: (results: Int32Array) => void;
  readonly reject: (error: unknown) => void;
}

interface Piece {
  readonly batch: Batch;
  readonly first: number;
  readonly count: number;
}

/** A backend that answers lookups on the host. */
export class HostBackend implements Backend {
  readonly kind = "host";
  /** Number of worker threads. */
  readonly threadCount: number;
  /** For callers that answer from the table without a batch. */
  readonly turns = new EventLoopTurns();
  readonly #table: PathTable;
  readonly #queue: SharedQueue;
  readonly #bytes: Uint8Array;
  readonly #program: LookupProgram;
  /** Batches that are not completely in the shared queue. */
  readonly #pending: Batch[] = [];
  readonly #pieces: (Piece | undefined)[] = Array.from({ length: PIECE_COUNT }, () => undefined);
  #workers: Worker[] = [];
  #starting: Promise<void> | undefined;
  /** The scheduled continuation of this thread's work. */
  #next: NodeJS.Immediate | undefined;
  #failure: EverwarpError | undefined;

  /**
   * @param table a table with `SCRATCH_WORDS` scratch words
   * @throws EW_BAD_ARGUMENT
   */
  constructor(table: PathTable, { threads = availableParallelism() - 1 }: HostBackendOptions = {}) {
    this.threadCount = Math.min(wholeNumber("threads", threads, 0, Number.MAX_SAFE_INTEGER), THREADS_MAX);
    this.#table = table;
    this.#queue = new SharedQueue(table.memory);
    this.#queue.prepare();
    this.#bytes = new Uint8Array(table.memory.buffer);
    this.#program = openLookupProgram(table.memory);
  }

  /** See `Backend.lookup`. @throws EW_CLOSED, EW_WORKER_DIED, EW_BAD_ARGUMENT for offsets that do not ascend */
  async lookup(packed: PackedPaths, options: LookupOptions = {}): Promise<Int32Array> {
    checkPacked(packed);
    return this.#lookInTurn(new PackedSource(packed), options);
  }

  /** See `Backend.lookupPaths`. @throws EW_CLOSED, EW_WORKER_DIED */
  async lookupPaths(paths: readonly PathLike[], options: LookupOptions = {}): Promise<Int32Array> {
    return this.#lookInTurn(new TextSource(paths), options);
  }

  async #lookInTurn(source: PathSource, options: LookupOptions): Promise<Int32Array> {
    const results = await this.#lookup(source, options);
    const overdue = this.turns.overdue();
    if (overdue !== undefined) await overdue;
    return results;
  }

  async #lookup(source: PathSource, options: LookupOptions): Promise<Int32Array> {
    this.#assertOpen();
    const { directory = ROOT_INODE, followSymlinks = true } = options;
    const follow = followSymlinks ? 1 : 0;
    const results = new Int32Array(source.count);
    if (source.count <= SMALL_PATHS || this.threadCount === 0)
      return this.#lookupHere(source, results, directory, follow);
    this.#starting ??= this.#start().catch((error: unknown) => this.#threadEnded(error));
    return new Promise((resolve, reject) => {
      const missing = source.count;
      this.#pending.push({ source, directory, follow, results, next: 0, missing, resolve, reject });
      this.#work();
    });
  }

  /** Looks up on this thread. The event loop runs between two pieces. */
  async #lookupHere(
    source: PathSource,
    results: Int32Array,
    directory: number,
    follow: number,
  ): Promise<Int32Array> {
    const place = this.#queue.place(PIECE_COUNT);
    const stack = this.#queue.stack(THREADS_MAX);
    for (let first = 0; first < source.count;) {
      const { count, base, limit } = source.fill(this.#bytes, place, first);
      if (count === 0) {
        results[first++] = -ERRNO.ENAMETOOLONG;
        continue;
      }
      this.#program(place.bytes, base, limit, place.offsets, count, place.results, directory, follow, stack);
      results.set(new Int32Array(this.#table.memory.buffer, place.results, count), first);
      first += count;
      if (first < source.count) await turn();
    }
    return results;
  }

  /** See `Backend.apply`. The table itself is the image, so there is nothing to do. */
  apply(): Promise<void> {
    return this.#failure === undefined ? Promise.resolve() : Promise.reject(this.#failure);
  }

  /** Lets `write` change the table while no thread reads it. */
  exclusively<T>(write: () => T): T {
    return this.#starting === undefined ? write() : this.#queue.gate.exclusively(write);
  }

  /** See `Backend.close`. */
  async close(): Promise<void> {
    if (this.#failure?.code === "EW_CLOSED") return;
    this.#fail(new EverwarpError("EW_CLOSED", "the namespace was closed", { remedy: "Open a new one." }));
    await this.#starting;
    this.#queue.stop();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    this.#workers = [];
  }

  async #start(): Promise<void> {
    const { memory } = this.#table;
    // If the system allows fewer threads, or none, this thread takes their chunks.
    await startAsMany(this.threadCount, async (thread) => {
      const data: LookupThreadData = { memory, thread };
      const worker = await startWorkerThread("lookup-worker", data);
      worker.unref();
      // The message says that a piece is done.
      worker.on("message", () => this.#work());
      worker.on("error", (cause) => this.#threadEnded(cause));
      worker.on("exit", () => this.#threadEnded(undefined));
      this.#workers.push(worker);
    });
  }

  /** Keeps the shared queue full, and takes chunks from it, for `SLICE_MS`. */
  #work(): void {
    const untilMs = nowMs() + SLICE_MS;
    this.#exchange();
    let isDone = false;
    while (!isDone && this.#pieces.some((piece) => piece !== undefined)) {
      const isTaken = this.#takeChunk();
      const now = nowMs();
      isDone = now > untilMs;
      // Other threads have the last chunks and are almost done, so spin.
      if (!isTaken) while (!isDone && !this.#isAnyDone()) isDone = nowMs() > now + SPIN_MS;
      this.#exchange();
    }
    const isBusy = this.#pieces.some((piece) => piece !== undefined);
    for (const worker of this.#workers) {
      if (isBusy) worker.ref();
      else worker.unref();
    }
    if (isBusy && this.#next === undefined) {
      this.#next = setImmediate(() => {
        this.#next = undefined;
        this.#work();
      });
    }
  }

  /** Looks up one chunk of any piece. @returns false if no chunk is left */
  #takeChunk(): boolean {
    for (let piece = 0; piece < PIECE_COUNT; piece++) {
      const first = this.#pieces[piece] === undefined ? -1 : this.#queue.take(piece);
      if (first < 0) continue;
      this.#queue.lookup(this.#program, piece, first, THREADS_MAX);
      return true;
    }
    return false;
  }

  #isDone(number: number): boolean {
    const piece = this.#pieces[number];
    return piece !== undefined && this.#queue.get(number, PIECE.done) === piece.count;
  }

  #isAnyDone(): boolean {
    for (let piece = 0; piece < PIECE_COUNT; piece++) if (this.#isDone(piece)) return true;
    return false;
  }

  /** Takes results from the shared queue, and fills every free piece. */
  #exchange(): void {
    for (let piece = 0; piece < PIECE_COUNT; piece++) {
      if (this.#isDone(piece)) this.#collect(piece);
      if (this.#pieces[piece] !== undefined) continue;
      const batch = this.#pending[0];
      if (batch === undefined) continue;
      try {
        this.#fill(piece, batch);
      } catch (error) {
        // A value that is no path fails only its own batch. Later batches continue.
        this.#pending.shift();
        batch.reject(error);
        continue;
      }
      if (batch.next === batch.results.length) this.#pending.shift();
    }
  }

  #fill(piece: number, batch: Batch): void {
    const { source, results } = batch;
    for (;;) {
      const { count, base, limit } = source.fill(this.#bytes, this.#queue.place(piece), batch.next);
      if (count > 0) {
        this.#pieces[piece] = { batch, first: batch.next, count };
        this.#queue.set(piece, PIECE.base, base);
        this.#queue.set(piece, PIECE.limit, limit);
        this.#queue.set(piece, PIECE.directory, batch.directory);
        this.#queue.set(piece, PIECE.follow, batch.follow);
        this.#queue.set(piece, PIECE.count, count);
        this.#queue.open(piece);
        batch.next += count;
        return;
      }
      results[batch.next++] = -ERRNO.ENAMETOOLONG;
      this.#settle(batch, 1);
      if (batch.next === results.length) return;
    }
  }

  #collect(number: number): void {
    const { batch, first, count } = this.#pieces[number]!;
    this.#queue.free(number);
    this.#pieces[number] = undefined;
    const { results } = this.#queue.place(number);
    batch.results.set(new Int32Array(this.#table.memory.buffer, results, count), first);
    this.#settle(batch, count);
  }

  #settle(batch: Batch, count: number): void {
    batch.missing -= count;
    if (batch.missing === 0) batch.resolve(batch.results);
  }

  #threadEnded(cause: unknown): void {
    this.#fail(
      new EverwarpError("EW_WORKER_DIED", "a thread that looks paths up ended", {
        remedy: "Open the namespace again; if it happens every time, please report it.",
        cause,
      }),
    );
  }

  #fail(error: EverwarpError): void {
    if (this.#failure !== undefined && error.code !== "EW_CLOSED") return;
    this.#failure = error;
    const batches = new Set(this.#pending.splice(0));
    for (const [index, piece] of this.#pieces.entries()) {
      if (piece !== undefined) batches.add(piece.batch);
      this.#pieces[index] = undefined;
    }
    for (const { reject } of batches) reject(error);
  }

  #assertOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
