/**
 * The files of a one-shot search in shared memory. Threads take them in batches.
 *
 *   control: │ published │ taken │ closed │ stop │ pending bytes │ finished │      paths: │ batch 0 │ batch 1 │ …
 *   starts:  │ where batch i begins in `paths` │                                 a batch: paths, each ended by a NUL
 *   states:  │ OPEN → SILENT or TOLD, per batch │
 *
 * Invariants: one thread publishes, any thread takes. A batch is written before `published` counts it, and
 * never changes. Each batch is taken once. The thread that took it posts what it found, and then sets its
 * state: TOLD if it posted something.
 */
import { SharedFlag, SharedWord } from "../../../threads/index.ts";
import type { FoundFile } from "../../contracts.ts";

const PUBLISHED = 0;
const TAKEN = 1;
const CLOSED = 2;
const STOP = 3;
const PENDING_BYTES = 4;
const FINISHED = 5;

/** Largest number of files in a batch. */
export const BATCH_FILES = 64;
const BATCHES_MAX = 1 << 17;
/** Reserved address space. The system commits it as it is written. */
const PATHS_BYTES = 512 * 1024 * 1024;
/** Output that waits to be printed, in bytes. Threads pause above it. */
const PENDING_BYTES_MAX = 32 * 1024 * 1024;

/** State of a batch: not searched yet, searched without output, or searched with output that was posted. */
export const BATCH_STATE = { OPEN: 0, SILENT: 1, TOLD: 2 } as const;

/** The memory of a queue. It can be posted to a thread. */
export interface SharedQueueMemory {
  readonly control: SharedArrayBuffer;
  readonly starts: SharedArrayBuffer;
  readonly states: SharedArrayBuffer;
  /** One byte for each batch: 1 if the user named its files. */
  readonly explicit: SharedArrayBuffer;
  readonly paths: SharedArrayBuffer;
}

/** Reserves the memory of an empty queue. */
export function allocateQueue(): SharedQueueMemory {
  return {
    control: new SharedArrayBuffer(64),
    starts: new SharedArrayBuffer(4 * (BATCHES_MAX + 1)),
    states: new SharedArrayBuffer(4 * BATCHES_MAX),
    explicit: new SharedArrayBuffer(BATCHES_MAX),
    paths: new SharedArrayBuffer(PATHS_BYTES),
  };
}

/** A thread's view of the queue. */
export class SharedQueue {
  /** Batches that were published; threads sleep on it. */
  readonly #published: SharedWord;
  /** Batches that were taken. */
  readonly #taken: SharedWord;
  readonly #closed: SharedFlag;
  readonly #stop: SharedFlag;
  readonly #pendingBytes: SharedWord;
  readonly #finished: SharedWord;
  readonly #starts: Uint32Array;
  readonly #states: Int32Array;
  readonly #explicit: Uint8Array;
  readonly #paths: Buffer;

  constructor(memory: SharedQueueMemory) {
    const control = new Int32Array(memory.control);
    this.#published = new SharedWord(control, PUBLISHED);
    this.#taken = new SharedWord(control, TAKEN);
    this.#closed = new SharedFlag(control, CLOSED);
    this.#stop = new SharedFlag(control, STOP);
    this.#pendingBytes = new SharedWord(control, PENDING_BYTES);
    this.#finished = new SharedWord(control, FINISHED);
    this.#starts = new Uint32Array(memory.starts);
    this.#states = new Int32Array(memory.states);
    this.#explicit = new Uint8Array(memory.explicit);
    this.#paths = Buffer.from(memory.paths as unknown as ArrayBuffer);
  }

  get published(): number {
    return this.#published.value;
  }

  /**
   * Appends a batch.
   * @param files all of them named by the user, or none. Their names are UTF-8
   * @returns false if the queue is full. Then nothing was published
   */
  publish(files: readonly FoundFile[]): boolean {
    const batch = this.published;
    let at = this.#starts[batch]!;
    const room = files.reduce((sum, { path }) => sum + 3 * path.length + 1, 0);
    if (batch === BATCHES_MAX || at + room > this.#paths.length) return false;
    for (const { path } of files) {
      at += this.#paths.write(path, at, "utf8");
      this.#paths[at++] = 0;
    }
    this.#starts[batch + 1] = at;
    this.#explicit[batch] = files[0]?.explicit === true ? 1 : 0;
    this.#published.set(batch + 1, 1); // one batch is for one thread
    return true;
  }

  /** No more batches will come. */
  close(): void {
    this.#closed.set();
    this.#published.wake();
  }

  /** Asks all threads to end soon. */
  stop(): void {
    this.#stop.set();
    this.close();
    this.#pendingBytes.wake();
  }

  get stopped(): boolean {
    return this.#stop.isSet;
  }

  /** Takes a batch. @returns −1 if there is none at the moment */
  take(): number {
    return this.stopped ? -1 : this.#taken.claimBelow(this.published);
  }

  /** Takes a batch, and sleeps until there is one. @returns −1 if there will be no more */
  takeOrSleep(): number {
    for (;;) {
      const seen = this.published;
      const batch = this.take();
      if (batch >= 0) return batch;
      if (this.stopped || (this.#closed.isSet && this.published === seen)) return -1;
      this.#published.sleepWhile(seen, 100);
    }
  }

  /** The files of a batch. */
  files(batch: number): FoundFile[] {
    const explicit = this.#explicit[batch] === 1;
    const paths = this.#paths
      .toString("utf8", this.#starts[batch]!, this.#starts[batch + 1]! - 1)
      .split("\0");
    return paths.map((path) => ({ path, explicit }));
  }

  state(batch: number): number {
    return Atomics.load(this.#states, batch);
  }

  settle(batch: number, state: number): void {
    Atomics.store(this.#states, batch, state);
    Atomics.notify(this.#states, batch);
  }

  /** Sleeps until the batch is settled, or for `timeoutMs`. */
  sleepFor(batch: number, timeoutMs: number): void {
    Atomics.wait(this.#states, batch, BATCH_STATE.OPEN, timeoutMs);
  }

  /** For a thread with output: waits while too much output waits to be printed. */
  addPending(bytes: number): void {
    this.#pendingBytes.addQuietly(bytes);
    for (;;) {
      const pending = this.#pendingBytes.value;
      if (pending <= PENDING_BYTES_MAX || this.stopped) return;
      this.#pendingBytes.sleepWhile(pending, 50);
    }
  }

  /** For the printing thread: it has received so many bytes. */
  takePending(bytes: number): void {
    this.#pendingBytes.add(-bytes);
  }

  /** A thread has sent its statistics and ends. */
  finish(): void {
    this.#finished.add(1);
  }

  get finished(): number {
    return this.#finished.value;
  }

  sleepUntilFinished(seen: number, timeoutMs: number): void {
    this.#finished.sleepWhile(seen, timeoutMs);
  }
}
