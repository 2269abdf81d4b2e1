/**
 * A worker thread of the host engine. It never returns to its event loop. It takes chunks of any open piece, and sleeps
 * on the wake word if there are none.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { LinearMemory } from "../../threads/index.ts";
import { SharedQueue, PIECE_COUNT } from "./shared-queue.ts";
import { openLookupProgram } from "./lookup-program.ts";

/** The data of a worker thread. */
export interface LookupThreadData {
  readonly memory: LinearMemory;
  readonly thread: number;
}

const { memory, thread } = workerData as LookupThreadData;
const queue = new SharedQueue(memory);
const lookup = openLookupProgram(memory);

/** Takes chunks of a piece until none is left. @returns whether there were any */
function work(piece: number): boolean {
  let isAny = false;
  for (let first; (first = queue.take(piece)) >= 0;) {
    isAny = true;
    let isDone: boolean;
    queue.gate.enter();
    try {
      isDone = queue.lookup(lookup, piece, first, thread);
    } finally {
      queue.gate.leave();
    }
    if (isDone) parentPort?.postMessage(piece);
  }
  return isAny;
}

while (!queue.isStopped) {
  const seen = queue.wake.value;
  let isAny = false;
  for (let piece = 0; piece < PIECE_COUNT; piece++) isAny = work(piece) || isAny;
  if (!isAny) queue.wake.sleep(seen); // a new batch rings
}
parentPort?.close();
