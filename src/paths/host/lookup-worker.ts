/**
 * A thread of the host engine. It never returns to its event loop: it takes chunks of whatever piece is ready, and sleeps on the doorbell
 * when there are none.
 */
import { parentPort, workerData } from "node:worker_threads";
import { CHUNK_PATHS, LookupBoard, PIECE, PIECE_COUNT } from "./lookup-board.ts";
import { openLookupProgram } from "./lookup-program.ts";
import type { LinearMemory } from "./web-assembly.ts";

/** What a thread is given. */
export interface LookupThreadData {
  readonly memory: LinearMemory;
  readonly thread: number;
}

const { memory, thread } = workerData as LookupThreadData;
const board = new LookupBoard(memory);
const lookup = openLookupProgram(memory);
const stack = board.stack(thread);

/** Takes chunks of a piece until there are none. @returns whether there were any */
function work(piece: number): boolean {
  const { bytes, offsets, results } = board.place(piece);
  let isAny = false;
  for (let first; (first = board.take(piece)) >= 0;) {
    isAny = true;
    const count = board.get(piece, PIECE.count);
    const paths = Math.min(CHUNK_PATHS, count - first);
    board.enter();
    try {
      lookup(
        bytes,
        board.get(piece, PIECE.base),
        board.get(piece, PIECE.limit),
        offsets + 4 * first,
        paths,
        results + 4 * first,
        board.get(piece, PIECE.directory),
        board.get(piece, PIECE.follow),
        stack,
      );
    } finally {
      board.leave();
    }
    if (board.add(piece, PIECE.done, paths) + paths === count) parentPort?.postMessage(piece);
  }
  return isAny;
}

while (!board.isStopped) {
  const seen = board.doorbell;
  let isAny = false;
  for (let piece = 0; piece < PIECE_COUNT; piece++) isAny = work(piece) || isAny;
  if (!isAny) board.sleep(seen);
}
parentPort?.close();
