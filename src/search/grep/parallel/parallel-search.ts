/**
 * The one-shot search on several threads: the calling thread walks, and as many threads as are worth it search.
 *
 *   walk ──▶ queue (batches of paths in shared memory) ──▶ worker threads, and this thread when the walk is over
 *                                                             │ output by message, only of batches that have any
 *                                                             ▼
 *                                                          onFile, in the order of completion or of the files
 *
 * Small trees never start a worker. A worker costs some 60 ms of processor time to start and warm up, and in that time
 * this thread searches five thousand small files. On two cores, sharing is worth it from some ten thousand files on.
 * All waiting is on shared memory. This thread returns to its event loop only while it waits for the last batches.
 */
import { assert, nowMs } from "../../../base/index.ts";
import type { FoundFile } from "../../contracts.ts";
import { ByteWriter, addStats, createStats, type SearchStats } from "../printer/index.ts";
import type { FileSearcher, FileSearcherArgs } from "../file-searcher/index.ts";
import { allocateQueue, BATCH_FILES, BATCH_STATE, SharedQueue } from "./shared-queue.ts";
import type { ParallelMessage, ToldFile } from "./protocol.ts";
import { searchBatch } from "./search-batch.ts";
import type { SearchThreads } from "./search-threads.ts";

/** A tree with more files is shared at once. */
const FILES_WORTH_WORKERS = 10_000;
/** Workers also start when the listing takes longer than this, because then files are slow to reach. */
const LISTING_MS = 50;
/** After this time, the time for the rest can be estimated. */
const TRIAL_MS = 15;
/** If the rest takes longer than this, it is shared. */
const REST_WORTH_WORKERS_MS = 100;

/** What is reported about a file. */
interface SearchedFile {
  readonly file: FoundFile;
  /** Printed text. Valid only during the call. */
  readonly output: Uint8Array;
  readonly matched: boolean;
  /** Matching lines. */
  readonly count: number;
  readonly wantsSeparator: boolean;
  /** The system's error, without the path. */
  readonly error: string | undefined;
}

/** Options of `searchInParallel`. */
export interface ParallelSearchOptions {
  /** The files in the order of the walk. They are taken lazily. */
  readonly files: Iterable<FoundFile>;
  /** This thread's searcher. */
  readonly searcher: FileSearcher;
  /** What `searcher` was made from. Other threads make their own from it. */
  readonly args: FileSearcherArgs;
  /** Number of threads, with the calling one. */
  readonly threads: number;
  /** Call `onFile` in the order of `files`, not in the order of completion. */
  readonly ordered: boolean;
  /** Stop when a file has matched. */
  readonly stopAfterMatch: boolean;
  /**
   * Called for every file with output, a match or an error.
   * @returns false to end the search. An error thrown here ends the search too, and is passed on
   */
  onFile(file: SearchedFile): boolean | void;
}

/** What is known at the end. */
export interface ParallelSearchResult {
  /** There was at least one file. */
  readonly searchedAny: boolean;
  /** Sums over all threads. */
  readonly stats: SearchStats;
}

/**
 * Searches all files.
 * @throws EW_WORKER_DIED, and what `onFile` and `files` throw
 */
export async function searchInParallel(options: ParallelSearchOptions): Promise<ParallelSearchResult> {
  const search = new ParallelSearch(options);
  try {
    return await search.run();
  } finally {
    search.dispose();
  }
}

type ToldBatch = Extract<ParallelMessage, { kind: "batch" }>;

class ParallelSearch {
  readonly #options: ParallelSearchOptions;
  readonly #writer = new ByteWriter();
  readonly #stats = createStats();
  #threads: SearchThreads | undefined;
  #queue: SharedQueue | undefined;
  #stopped = false;
  #searchedAny = false;
  /** Batches that were posted before their turn. */
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
    // Listing is far cheaper than searching, and shows how much there is to do.
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

  /** @returns the number of searched files: all of them, unless the rest is worth workers */
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
    this.#threads?.dispose();
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
    for (const { file, lengthBytes, matched, count, wantsSeparator, error } of files) {
      const bytes = output.subarray(at, at + lengthBytes);
      at += lengthBytes;
      if (this.#stopped) return;
      const goesOn = this.#options.onFile({ file, output: bytes, matched, count, wantsSeparator, error });
      if (goesOn === false || (matched && this.#options.stopAfterMatch)) {
        this.#stopped = true;
        this.#queue?.stop();
      }
    }
  }

  /** @param ahead files that were found and not searched yet. `next` follows them, then the rest of the iterator */
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
    // A few files that take long are shared in small batches. The many files of a walk that continues, in full batches.
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
      // This thread searches standard input, and names that are not UTF-8, which the queue cannot hold.
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

  /**
   * Opens a queue with threads that take from it. Undefined if no thread can start: then this thread searches
   * alone.
   */
  async #openQueue(): Promise<SharedQueue | undefined> {
    // Node takes some milliseconds to load what threads need, and small trees need none.
    const { hasRoomForThread, SearchThreads } = await import("./search-threads.ts");
    if (!hasRoomForThread()) return undefined;
    const memory = allocateQueue();
    const { args, stopAfterMatch, threads } = this.#options;
    this.#threads = await SearchThreads.start(threads - 1, { args, queue: memory, stopAfterMatch });
    return this.#threads.count === 0 ? undefined : (this.#queue = new SharedQueue(memory));
  }

  /** Takes what threads have posted so far. */
  #receiveAll(): void {
    for (const message of this.#threads?.received() ?? []) {
      if (message.kind === "finished") addStats(this.#stats, message.stats);
      else {
        this.#queue!.takePending(message.output.length);
        if (this.#options.ordered) this.#early.set(message.batch, message);
        else this.#tell(message.files, message.output);
      }
    }
    if (this.#options.ordered) this.#tellInOrder();
  }

  /** Reports the batches whose turn it is, and searches this thread's own files at their turn. */
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

  /** After the walk, this thread searches too, and then waits for the others. */
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
        await this.#threads!.assertAlive();
      }
    }
    for (let seen; (seen = queue.finished) < this.#threads!.count && !this.#stopped;) {
      queue.sleepUntilFinished(seen, 20);
      this.#receiveAll();
      await this.#threads!.assertAlive();
    }
    this.#receiveAll();
    assert(this.#stopped || this.#early.size === 0, `${this.#early.size} batches were never printed`);
  }
}
