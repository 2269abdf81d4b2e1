/** A thread of a one-shot search: takes batches of files from the board, posts what is to be printed. */
import { workerData } from "node:worker_threads";
import { createMatcher } from "../../matcher/index.ts";
import { ByteWriter } from "../printer/index.ts";
import { loadDecoder } from "../../content/index.ts";
import { createFileSearcher } from "../file-searcher.ts";
import { BATCH_STATE, BatchBoard } from "./shared-queue.ts";
import { scanBuffer, countLineFeeds, createLiteralScanner } from "../../scanner/index.ts";
import type { ParallelMessage, ParallelThreadData } from "./parallel-protocol.ts";
import { searchBatch } from "./search-batch.ts";

const { args, board: memory, port, stopAfterMatch } = workerData as ParallelThreadData;
const board = new BatchBoard(memory);
const matcher = createMatcher({ ...args.matcher, createScanner: createLiteralScanner });
const searcher = createFileSearcher(args, matcher, scanBuffer, countLineFeeds);
const writer = new ByteWriter();
const post = (message: ParallelMessage, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

async function searchBatches(): Promise<void> {
  await loadDecoder(args.searcher.encoding);
  for (let batch; (batch = board.takeOrSleep()) >= 0;) {
    const files = searchBatch(board.files(batch), searcher, writer, () => board.stopped);
    if (files.length === 0) {
      board.settle(batch, BATCH_STATE.SILENT);
      continue;
    }
    const output = new Uint8Array(writer.written());
    board.addPending(output.length);
    post({ kind: "batch", batch, files, output }, [output.buffer]);
    board.settle(batch, BATCH_STATE.TOLD);
    if (stopAfterMatch && files.some(({ matched }) => matched)) board.stop();
  }
  post({ kind: "finished", stats: searcher.stats });
  board.finish();
  port.close();
}

void searchBatches();
