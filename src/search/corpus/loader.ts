/**
 * Loads the files of a corpus into a sink, with as many threads as are worthwhile.
 *
 * The main thread only gives out windows. Threads take files from a shared cursor, and each thread writes the columns
 * of its files. A small number of files is loaded on the main thread, because a worker takes about 20 ms to start.
 */
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { nowMs, EverwarpError } from "../../base/index.ts";
import { startAsMany, startWorkerThread, WASM_ADDRESS_BYTES } from "../../threads/index.ts";
import { FileLoader, type LoadOptions } from "./file-loader.ts";
import type { FileTable } from "./file-table.ts";
import {
  LOAD_BATCH_FILES,
  type LoadJob,
  type LoaderMessage,
  type LoaderReply,
  type LoadResult,
} from "./load-protocol.ts";
import { loadLargeFiles } from "./large-files.ts";
import type { WindowSource } from "./place-writer.ts";
import { allocatePlacement, Placement, PlacementColumns, unitsFromRuns } from "./placement.ts";
import type { CorpusSink, Position, SinkWindow } from "./sink.ts";
import { windowBytes } from "./window-bytes.ts";

/** Numbers of files, and of bytes, that justify one more thread. */
const FILES_PER_THREAD = 2500;
const BYTES_PER_THREAD = 256 << 20;
/** The sizes of so many files are looked at before threads are started. */
const SIZED_FILES_MAX = 4096;

/**
 * Reads all files into the sink's memory.
 * @param threads number of loader threads; by default as many as are worthwhile, at most one per core. 0 loads on the
 * calling thread
 * @throws errors of the sink; EW_WORKER_DIED. Files that cannot be read are listed in `errors`
 */
export async function loadFiles(
  files: FileTable,
  sink: CorpusSink,
  options: LoadOptions,
  threads = Math.min(availableParallelism(), worthyThreads(files)),
): Promise<Placement> {
  const startMs = nowMs();
  const columns = allocatePlacement(files.fileCount);
  const counted = new CountedSink(sink);
  const job: LoadJob = {
    files: files.memory,
    columns,
    // Small enough that every thread gets several batches, also of few large files.
    batchFiles: Math.max(1, Math.min(LOAD_BATCH_FILES, Math.floor(files.fileCount / (4 * threads + 1)))),
    cursor: new SharedArrayBuffer(4),
    chunkBytes: sink.chunkBytes,
    maxPlaceBytes: sink.maxPlaceBytes,
    options,
  };
  const workers = await startAsMany(threads, () =>
    startWorkerThread("load-worker", job, [], WASM_ADDRESS_BYTES),
  );
  const results =
    workers.length > 0 ? await loadOnThreads(workers, counted) : [await loadHere(job, files, counted)];
  const errors = results.flatMap((it) => it.errors).sort((a, b) => a.file - b.file);
  const loaded = {
    files,
    columns,
    runs: results.map(({ runs }) => runs),
    errors,
    loadedCount: results.reduce((sum, it) => sum + it.loadedCount, 0),
    contentBytes: results.reduce((sum, it) => sum + it.contentBytes, 0),
  };
  const whole = await loadLargeFiles(loaded, localSource(counted), options.allText);
  await sink.finish();
  return new Placement(
    whole.files,
    whole.columns,
    unitsFromRuns(whole.runs),
    whole.errors,
    {
      fileCount: files.fileCount,
      loadedCount: whole.loadedCount,
      contentBytes: whole.contentBytes,
      arenaBytes: counted.arenaBytes,
      loadMs: nowMs() - startMs,
      threads: workers.length,
    },
    whole.parts,
  );
}

/** How many threads are worth while for reading the files. */
export function worthyThreads(files: FileTable): number {
  const byCount = Math.floor(files.fileCount / FILES_PER_THREAD);
  if (files.fileCount > SIZED_FILES_MAX) return byCount;
  let sizeBytes = 0;
  for (let file = 0; file < files.fileCount; file++) {
    sizeBytes += sizeOnDisk(files, file);
  }
  return Math.max(byCount, Math.min(files.fileCount, Math.floor(sizeBytes / BYTES_PER_THREAD)));
}

/** Sizes of so many files tell about all. */
const SAMPLED_FILES = 512;

/** How many bytes the files have, by the sizes of some of them that are spread over the list. */
export function estimatedBytes(files: FileTable): number {
  const step = Math.max(1, Math.floor(files.fileCount / SAMPLED_FILES));
  let [sampledCount, sizeBytes] = [0, 0];
  for (let file = 0; file < files.fileCount; file += step) {
    sampledCount++;
    sizeBytes += sizeOnDisk(files, file);
  }
  return sampledCount === 0 ? 0 : (sizeBytes / sampledCount) * files.fileCount;
}

/** Who loads the file will say why it cannot be reached. @returns bytes; 0 where it cannot be reached */
function sizeOnDisk(files: FileTable, file: number): number {
  try {
    return statSync(files.openPath(file), { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}

/** A sink that counts the bytes it was given. */
class CountedSink implements CorpusSink {
  arenaBytes = 0;
  readonly chunkBytes: number;
  readonly maxPlaceBytes: number;
  readonly #sink: CorpusSink;

  constructor(sink: CorpusSink) {
    this.#sink = sink;
    this.chunkBytes = sink.chunkBytes;
    this.maxPlaceBytes = sink.maxPlaceBytes;
  }

  reserve(lengthBytes: number): Position {
    return this.#sink.reserve(lengthBytes);
  }

  open(position: Position, lengthBytes: number): SinkWindow | Promise<SinkWindow> {
    return this.#sink.open(position, lengthBytes);
  }

  commit(window: SinkWindow, usedBytes: number): void {
    this.arenaBytes += usedBytes;
    this.#sink.commit(window, usedBytes);
  }

  finish(): Promise<void> {
    return this.#sink.finish();
  }
}

/** Windows for the calling thread. */
const localSource = (sink: CorpusSink): WindowSource => ({
  chunkBytes: sink.chunkBytes,
  maxPlaceBytes: sink.maxPlaceBytes,
  reserve: async (lengthBytes) => sink.open(sink.reserve(lengthBytes), lengthBytes),
  open: async (segment, offsetBytes, lengthBytes) => sink.open({ segment, offsetBytes }, lengthBytes),
  commit: (window, usedBytes) => sink.commit(window, usedBytes),
  bytes: windowBytes,
});

async function loadHere(job: LoadJob, files: FileTable, sink: CorpusSink): Promise<LoadResult> {
  const columns = new PlacementColumns(job.columns);
  const loader = new FileLoader(files, columns, localSource(sink), job.options);
  try {
    // In batches, as threads do, because a batch is a unit of a search.
    for (let first = 0; first < files.fileCount; first += LOAD_BATCH_FILES) {
      await loader.load(first, Math.min(first + LOAD_BATCH_FILES, files.fileCount));
    }
    return {
      runs: loader.finish(),
      errors: loader.errors,
      contentBytes: loader.contentBytes,
      loadedCount: loader.loadedCount,
    };
  } finally {
    loader.dispose();
  }
}

async function loadOnThreads(workers: readonly Worker[], sink: CorpusSink): Promise<LoadResult[]> {
  try {
    return await Promise.all(workers.map((worker) => serve(worker, sink)));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Answers one thread's requests until it is done. */
function serve(worker: Worker, sink: CorpusSink): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const died = (detail: string, cause?: unknown): void =>
      reject(
        new EverwarpError("EW_WORKER_DIED", `a loader thread ended before its work was done: ${detail}`, {
          remedy: "Load again; if it happens every time, please report it.",
          cause,
        }),
      );
    worker.on("error", (error: Error) => died(error.message, error));
    worker.on("exit", (code) => died(`exit code ${code}`));
    const give = async (lengthBytes: number, position = sink.reserve(lengthBytes)): Promise<void> => {
      const reply: LoaderReply = { window: await sink.open(position, lengthBytes) };
      worker.postMessage(reply);
    };
    const answer = async (message: LoaderMessage): Promise<void> => {
      if (message.kind === "reserve") await give(message.lengthBytes);
      else if (message.kind === "open") await give(message.lengthBytes, message);
      else if (message.kind === "commit") sink.commit(message.window, message.usedBytes);
      else resolve(message.result);
    };
    worker.on("message", (message: LoaderMessage) => void answer(message).catch(reject));
  });
}
