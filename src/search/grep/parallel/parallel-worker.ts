/** A thread of a one-shot search: it takes batches of files from the queue and posts what is to be printed. */
import { workerData } from "node:worker_threads";
import { ByteWriter } from "../printer/index.ts";
import { loadDecoder } from "../../content/index.ts";
import { createFileSearcher } from "../file-searcher/index.ts";
import { BATCH_STATE, SharedQueue } from "./shared-queue.ts";
import { scanBuffer, countLineFeeds, createLiteralScanner } from "../../scanner/index.ts";
import type { ParallelMessage, ParallelThreadData } from "./protocol.ts";
import { searchBatch } from "./search-batch.ts";

const { args, queue: memory, port, stopAfterMatch } = workerData as ParallelThreadData;
const queue = new SharedQueue(memory);
const writer = new ByteWriter();
const post = (message: ParallelMessage, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

async function searchBatches(): Promise<void> {
  await loadDecoder(args.searcher.encoding);
  const { openFileConditions, openMatcher } = await import("../file-searcher/open-matcher.ts");
  const matcher = await openMatcher(args, createLiteralScanner);
  const conditions = await openFileConditions(args, createLiteralScanner);
  const searcher = createFileSearcher(args, matcher, scanBuffer, countLineFeeds, conditions);
  for (let batch; (batch = queue.takeOrSleep()) >= 0;) {
    const files = searchBatch(queue.files(batch), searcher, writer, () => queue.stopped);
    if (files.length === 0) {
      queue.settle(batch, BATCH_STATE.SILENT);
      continue;
    }
    const output = new Uint8Array(writer.written());
    queue.addPending(output.length);
    post({ kind: "batch", batch, files, output }, [output.buffer]);
    queue.settle(batch, BATCH_STATE.TOLD);
    if (stopAfterMatch && files.some(({ matched }) => matched)) queue.stop();
  }
  post({ kind: "finished", stats: searcher.stats });
  queue.finish();
  port.close();
}

void searchBatches();
