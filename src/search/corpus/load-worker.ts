/** A loader thread. It takes batches of files from a shared cursor, and asks the main thread for windows. */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../base/index.ts";
import { FileLoader } from "./file-loader.ts";
import { FileTable } from "./file-table.ts";
import { type LoadJob, type LoaderMessage, type LoaderReply } from "./load-protocol.ts";
import type { WindowSource } from "./place-writer.ts";
import { PlacementColumns } from "./placement.ts";
import type { SinkWindow } from "./sink.ts";
import { windowBytes } from "./window-bytes.ts";

const port = parentPort;
assert(port, "the load worker runs as a worker thread");
const job = workerData as LoadJob;
const post = (message: LoaderMessage): void => port.postMessage(message);

let answer: ((window: SinkWindow) => void) | undefined;
port.on("message", ({ window }: LoaderReply) => answer?.(window));
const ask = (message: LoaderMessage): Promise<SinkWindow> =>
  new Promise((resolve) => {
    answer = resolve;
    post(message);
  });

const source: WindowSource = {
  chunkBytes: job.chunkBytes,
  maxPlaceBytes: job.maxPlaceBytes,
  reserve: (lengthBytes) => ask({ kind: "reserve", lengthBytes }),
  open: (segment, offsetBytes, lengthBytes) => ask({ kind: "open", segment, offsetBytes, lengthBytes }),
  commit: (window, usedBytes) => post({ kind: "commit", window, usedBytes }),
  bytes: windowBytes,
};

async function main(): Promise<void> {
  const cursor = new Int32Array(job.cursor);
  const loader = new FileLoader(
    new FileTable(job.files),
    new PlacementColumns(job.columns),
    source,
    job.options,
  );
  for (;;) {
    const first = Atomics.add(cursor, 0, job.batchFiles);
    if (first >= job.files.fileCount) break;
    await loader.load(first, Math.min(first + job.batchFiles, job.files.fileCount));
  }
  const runs = loader.finish();
  const { errors, contentBytes, loadedCount } = loader;
  post({ kind: "done", result: { runs, errors, contentBytes, loadedCount } });
}

// A rejection ends the thread with an error, which the main thread receives.
void main();
