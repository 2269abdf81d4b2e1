/**
 * A thread of the host engine. It never returns to its event loop: it takes chunks of whatever piece is ready, and
 * sleeps on the wake word
 * when there are none.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { LinearMemory } from "../../threads/index.ts";
import { SharedQueue, PIECE_COUNT } from "./shared-queue.ts";
import { openLookupProgram } from "./lookup-program.ts";

/** What a thread is given. */
export interface LookupThreadData {
  readonly memory: LinearMemory;
  readonly thread: number;
}

const { memory, thread } = workerData as LookupThreadData;
const board = new SharedQueue(memory);
const lookup = openLookupProgram(memory);

/** Takes chunks of a piece until there are none. @returns whether there were any */
function work(piece: number): boolean {
  let isAny = false;
  for (let first; (first = board.take(piece)) >= 0;) {
    isAny = true;
    let isDone: boolean;
    board.gate.enter();
    try {
      isDone = board.lookup(lookup, piece, first, thread);
    } finally {
      board.gate.leave();
    }
    if (isDone) parentPort?.postMessage(piece);
  }
  return isAny;
}

while (!board.isStopped) {
  const seen = board.wake.value;
  let isAny = false;
  for (let piece = 0; piece < PIECE_COUNT; piece++) isAny = work(piece) || isAny;
  if (!isAny) board.wake.sleep(seen); // whoever puts paths on the board rings
}
parentPort?.close();
