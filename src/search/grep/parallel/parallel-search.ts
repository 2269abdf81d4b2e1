/**
 * The one-shot search: the calling thread walks, and as many threads as pay search what it finds.
 *
 *   walk ──▶ queue (batches of paths in shared memory) ──▶ worker threads, and this thread when the walk is over
 *                                                             │ output by message, only of batches that have any
 *                                                             ▼
 *                                                          onFile, in the order of completion or of the files
 *
 * Small trees never start a worker: a worker costs some 60 ms of processor time for its start and for warming up, and in that
 * time this thread searches five thousand small files; on two cores sharing pays from some ten thousand on. All waiting is on shared memory; this thread only returns to its
 * event loop while it waits for the last batches.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { spareAddressBytes, startWorkerThread, WASM_ADDRESS_BYTES } from "../../../threads/index.ts";
import { nowMs, assert, EverwarpError } from "../../../base/index.ts";
import type { FoundFile } from "../../contracts.ts";
import { ByteWriter, addStats, createStats, type SearchStats } from "../printer/index.ts";
import type { FileSearcher, FileSearcherArgs } from "../file-searcher/index.ts";
import {
  allocateQueue,
  BATCH_FILES,
  BATCH_STATE,
  SharedQueue,
  type SharedQueueMemory,
} from "./shared-queue.ts";
import type { ParallelMessage, ParallelThreadData, ToldFile } from "./protocol.ts";
import { searchBatch } from "./search-batch.ts";

/** A tree of more files is shared at once. */
const FILES_WORTH_WORKERS = 10_000;
/** Workers come too when the listing takes longer than this: the files are far away. */
const LISTING_MS = 50;
/** After this long, it is clear how long the rest will take. */
const TRIAL_MS = 15;
/** A rest that takes longer than this is shared. */
const REST_WORTH_WORKERS_MS = 100;
/** More workers than this wait for the walk. */
const WORKERS_MAX = 7;

/** What is to be told of a file. */
interface SearchedFile {
  readonly file: FoundFile;
  /** Valid only during the call. */
  readonly output: Uint8Array;
  readonly matched: boolean;
  readonly wantsSeparator: boolean;
  /** The system's error, without the path. */
  readonly error: string | undefined;
}

export interface ParallelSearchOptions {
  /** In the order of the walk; taken lazily. */
  readonly files: Iterable<FoundFile>;
  /** This thread's. */
  readonly searcher: FileSearcher;
  /** What `searcher` was made from: other threads make theirs. */
  readonly args: FileSearcherArgs;
  /** Threads in all, the calling one included. */
  readonly threads: number;
  /** `onFile` is called in the order of `files`, else in the order of completion. */
  readonly ordered: boolean;
  /** Nothing is searched any more once a file matched. */
  readonly stopAfterMatch: boolean;
  /**
   * Told of every file that has output, matched or failed.
   * @returns false to end the search. What it throws ends it too, and is thrown on
   */
  onFile(file: SearchedFile): boolean | void;
}

export interface ParallelSearchResult {
  /** Were there files at all? */
  readonly searchedAny: boolean;
  /** Of all threads. */
  readonly stats: SearchStats;
}

/**
 * Searches all files.
 * @throws what `onFile` and `files` throw; EW_WORKER_DIED
 */
export async function searchInParallel(options: ParallelSearchOptions): Promise<ParallelSearchResult> {
  const search = new ParallelSearch(options);
  try {
    return await search.run();
  } finally {
    search.dispose();
  }
}

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
}

type ToldBatch = Extract<ParallelMessage, { kind: "batch" }>;

class ParallelSearch {
  readonly #options: ParallelSearchOptions;
  readonly #writer = new ByteWriter();
  readonly #stats = createStats();
  readonly #threads: Thread[] = [];
  #queue: SharedQueue | undefined;
  #died: EverwarpError | undefined;
  #stopped = false;
  #searchedAny = false;
  /** Batches told before it was their turn. */
  readonly #early = new Map<number, ToldBatch>();
  /** The next batch in the order of files. */
  #turn = 0;
  /** Files that only this thread can search, by the batch that they come before. */
  readonly #own: { before: number; files: FoundFile[] }[] = [];

  constructor(options: ParallelSearchOptions) {
    this.#options = options;
  }

  async run(): Promise<ParallelSearchResult> {
    const { files, threads, searcher } = this.#options;
    const startMs = nowMs();
    const listsFast = (): boolean => nowMs() - startMs < LISTING_MS;
    const iterator = files[Symbol.iterator]();
    let next = iterator.next();
    // Listing is far cheaper than searching and tells how much there is to do.
    const ahead: FoundFile[] = [];
    for (
      ;
      threads > 1 && !next.done && ahead.length < FILES_WORTH_WORKERS && listsFast();
      next = iterator.next()
    ) {
      ahead.push(next.value);
    }
    const done = next.done ? this.#searchUntilWorthSharing(ahead) : 0;
    if (threads > 1 && !this.#stopped && (done < ahead.length || !next.done)) {
      await this.#searchWithWorkers(ahead.slice(done), next, iterator);
    }
    for (; !next.done && threads === 1 && !this.#stopped; next = iterator.next())
      this.#searchHere(next.value);
    iterator.return?.();
    addStats(this.#stats, searcher.stats);
    return { searchedAny: this.#searchedAny, stats: this.#stats };
  }

  /** @returns how many of the files were searched: all, unless the rest is worth workers */
  #searchUntilWorthSharing(files: readonly FoundFile[]): number {
    const startMs = nowMs();
    let done = 0;
    for (const file of files) {
      if (this.#stopped) return files.length;
      this.#searchHere(file);
      done++;
      const tookMs = nowMs() - startMs;
      const restMs = (tookMs / done) * (files.length - done);
      if (tookMs > TRIAL_MS && restMs > REST_WORTH_WORKERS_MS && files.length - done > 1) return done;
    }
    return done;
  }

  dispose(): void {
    this.#queue?.stop();
    for (const { worker, port } of this.#threads) {
      port.close();
      void worker.terminate();
    }
  }

  #searchHere(file: FoundFile): void {
    if (this.#stopped) return;
    this.#searchedAny = true;
    this.#tell(
      searchBatch([file], this.#options.searcher, this.#writer, () => false),
      this.#writer.written(),
    );
  }

  #tell(files: readonly ToldFile[], output: Uint8Array): void {
    let at = 0;
    for (const { file, lengthBytes, matched, wantsSeparator, error } of files) {
      const bytes = output.subarray(at, at + lengthBytes);
      at += lengthBytes;
      if (this.#stopped) return;
      const goesOn = this.#options.onFile({ file, output: bytes, matched, wantsSeparator, error });
      if (goesOn === false || (matched && this.#options.stopAfterMatch)) {
        this.#stopped = true;
        this.#queue?.stop();
      }
    }
  }

  /** @param ahead found and not yet searched; then comes `next`, then the iterator's */
  async #searchWithWorkers(
    ahead: FoundFile[],
    next: IteratorResult<FoundFile>,
    iterator: Iterator<FoundFile>,
  ): Promise<void> {
    this.#searchedAny = true;
    const queue = await this.#openQueue();
    if (queue === undefined) {
      for (const file of ahead) this.#searchHere(file);
      for (let more = next; !more.done && !this.#stopped; more = iterator.next())
        this.#searchHere(more.value);
      return;
    }
    // A few files that took long so far are shared out one by one; the many of a walk that goes on, in full batches.
    const share = Math.ceil(ahead.length / (8 * this.#options.threads));
    const batchFiles = next.done ? Math.min(BATCH_FILES, Math.max(1, share)) : BATCH_FILES;
    let batch: FoundFile[] = [];
    const flush = (): void => {
      if (batch.length > 0 && !queue.publish(batch))
        this.#own.push({ before: queue.published, files: batch });
      batch = [];
      this.#receiveAll();
    };
    const add = (file: FoundFile): void => {
      if (batch.length === batchFiles || (batch.length > 0 && batch[0]!.explicit !== file.explicit)) flush();
      // Standard input is this thread's, and a name that is not UTF-8 has no place on the queue.
      if (file.pathBytes === undefined && file.path !== "-") return void batch.push(file);
      flush();
      this.#own.push({ before: queue.published, files: [file] });
    };
    for (const file of ahead) add(file);
    for (let more = next; !more.done && !this.#stopped; more = iterator.next()) add(more.value);
    flush();
    queue.close();
    await this.#helpAndWait(queue);
  }

  /** A queue with threads to take from it; undefined where the system has no room for it, or lets no thread start: then there is this one. */
  async #openQueue(): Promise<SharedQueue | undefined> {
    // Of each worker, two memories: one for scanning, one for the regex engine.
    if (spareAddressBytes() < 2 * WASM_ADDRESS_BYTES) return undefined;
    const memory = allocateQueue();
    await this.#startWorkers(memory);
    return this.#threads.length === 0 ? undefined : (this.#queue = new SharedQueue(memory));
  }

  async #startWorkers(queue: SharedQueueMemory): Promise<void> {
    const count = Math.min(this.#options.threads - 1, WORKERS_MAX);
    const { args, stopAfterMatch } = this.#options;
    for (let index = 0; index < count; index++) {
      const { port1, port2 } = new MessageChannel();
      const data: ParallelThreadData = { args, queue, port: port2, stopAfterMatch };
      let worker: Worker;
      try {
        worker = await startWorkerThread("parallel-worker", data, [port2], 2 * WASM_ADDRESS_BYTES);
      } catch (error) {
        port1.close();
        if (error instanceof EverwarpError && error.code === "EW_NO_THREAD") return;
        throw error;
      }
      const died = (detail: string, cause?: unknown): void => {
        this.#died ??= new EverwarpError("EW_WORKER_DIED", `a search thread ended: ${detail}`, {
          remedy: "Search again with --threads 1; if it happens every time, please report it.",
          cause,
        });
      };
      worker.on("error", (error: Error) => died(error.message, error));
      worker.on("exit", (code) => {
        if (code !== 0) died(`exit code ${code}`);
      });
      this.#threads.push({ worker, port: port1 });
    }
  }

  /** Takes over what threads have posted so far. */
  #receiveAll(): void {
    for (const { port } of this.#threads) {
      for (let received; (received = receiveMessageOnPort(port)) !== undefined;) {
        const message = received.message as ParallelMessage;
        if (message.kind === "finished") addStats(this.#stats, message.stats);
        else {
          this.#queue!.takePending(message.output.length);
          if (this.#options.ordered) this.#early.set(message.batch, message);
          else this.#tell(message.files, message.output);
        }
      }
    }
    if (this.#options.ordered) this.#tellInOrder();
  }

  /** Tells the batches whose turn it is, and searches own files when theirs is. */
  #tellInOrder(): void {
    const queue = this.#queue!;
    for (;;) {
      while (this.#own[0]?.before === this.#turn) {
        const { files } = this.#own.shift()!;
        for (const file of files) this.#searchHere(file);
      }
      if (this.#turn >= queue.published || this.#stopped) return;
      const state = queue.state(this.#turn);
      const told = this.#early.get(this.#turn);
      if (state === BATCH_STATE.OPEN || (state === BATCH_STATE.TOLD && told === undefined)) return;
      if (told) this.#tell(told.files, told.output);
      this.#early.delete(this.#turn);
      this.#turn++;
    }
  }

  /** The walk is over: this thread searches too, then waits for the others. */
  async #helpAndWait(queue: SharedQueue): Promise<void> {
    const { ordered } = this.#options;
    for (let batch; !this.#stopped && (batch = queue.take()) >= 0;) {
      const files = searchBatch(
        queue.files(batch),
        this.#options.searcher,
        this.#writer,
        () => this.#stopped,
      );
      if (ordered && files.length > 0) {
        this.#early.set(batch, {
          kind: "batch",
          batch,
          files,
          output: new Uint8Array(this.#writer.written()),
        });
      } else this.#tell(files, this.#writer.written());
      queue.settle(batch, BATCH_STATE.TOLD);
      if (ordered && files.length === 0) queue.settle(batch, BATCH_STATE.SILENT);
      this.#receiveAll();
    }
    if (!ordered)
      for (const { files } of this.#own.splice(0)) for (const file of files) this.#searchHere(file);
    for (let batch = 0; batch < queue.published && !this.#stopped; batch++) {
      while (queue.state(batch) === BATCH_STATE.OPEN && !this.#stopped) {
        queue.sleepFor(batch, 20);
        this.#receiveAll();
        await this.#breathe();
      }
    }
    for (let seen; (seen = queue.finished) < this.#threads.length && !this.#stopped;) {
      queue.sleepUntilFinished(seen, 20);
      this.#receiveAll();
      await this.#breathe();
    }
    this.#receiveAll();
    assert(this.#stopped || this.#early.size === 0, `${this.#early.size} batches were never printed`);
  }

  /** Lets the death of a worker be seen. */
  async #breathe(): Promise<void> {
    await new Promise(setImmediate);
    if (this.#died) throw this.#died;
  }
}
