/**
 * The files of a one-shot search, in shared memory, for threads to take in batches.
 *
 *   control: │ published │ taken │ closed │ stop │ pending bytes │ finished │      paths: │ batch 0 │ batch 1 │ …
 *   starts:  │ where batch i begins in `paths` │                                 a batch: paths, each ended by a NUL
 *   states:  │ OPEN → SILENT or TOLD, per batch │
 *
 * Invariants: one thread publishes, any thread takes; a batch is written before `published` counts it and never changes; each
 * batch is taken once; whoever took it posts what it found, then sets its state (TOLD when there was something to post).
 */
import { SharedFlag, SharedWord } from "../../../threads/index.ts";
import type { FoundFile } from "../../contracts.ts";

const PUBLISHED = 0;
const TAKEN = 1;
const CLOSED = 2;
const STOP = 3;
const PENDING_BYTES = 4;
const FINISHED = 5;

export const BATCH_FILES = 64;
const BATCHES_MAX = 1 << 17;
/** Reserved, and committed by the system as it is written. */
const PATHS_BYTES = 512 * 1024 * 1024;
/** Output that waits to be printed; threads pause above it. */
const PENDING_BYTES_MAX = 32 * 1024 * 1024;

export const BATCH_STATE = { OPEN: 0, SILENT: 1, TOLD: 2 } as const;

export interface SharedQueueMemory {
  readonly control: SharedArrayBuffer;
  readonly starts: SharedArrayBuffer;
  readonly states: SharedArrayBuffer;
  /** One byte per batch: 1 when its files were named by the user. */
  readonly explicit: SharedArrayBuffer;
  readonly paths: SharedArrayBuffer;
}

export function allocateQueue(): SharedQueueMemory {
  return {
    control: new SharedArrayBuffer(64),
    starts: new SharedArrayBuffer(4 * (BATCHES_MAX + 1)),
    states: new SharedArrayBuffer(4 * BATCHES_MAX),
    explicit: new SharedArrayBuffer(BATCHES_MAX),
    paths: new SharedArrayBuffer(PATHS_BYTES),
  };
}

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
   * @param files all named by the user, or none of them; with names that are UTF-8
   * @returns false when the queue is full; then nothing was published
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

  /** Everyone ends as soon as they can. */
  stop(): void {
    this.#stop.set();
    this.close();
    this.#pendingBytes.wake();
  }

  get stopped(): boolean {
    return this.#stop.isSet;
  }

  /** Takes a batch. @returns −1 when there is none at the moment */
  take(): number {
    return this.stopped ? -1 : this.#taken.claimBelow(this.published);
  }

  /** Takes a batch, sleeping until there is one. @returns −1 when there will be none any more */
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

  /** Sleeps until the batch is settled or the time is over. */
  sleepFor(batch: number, timeoutMs: number): void {
    Atomics.wait(this.#states, batch, BATCH_STATE.OPEN, timeoutMs);
  }

  /** For a thread with output: waits until the printer has caught up. */
  addPending(bytes: number): void {
    this.#pendingBytes.addQuietly(bytes);
    for (;;) {
      const pending = this.#pendingBytes.value;
      if (pending <= PENDING_BYTES_MAX || this.stopped) return;
      this.#pendingBytes.sleepWhile(pending, 50);
    }
  }

  /** For the printer: so much was taken over. */
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
