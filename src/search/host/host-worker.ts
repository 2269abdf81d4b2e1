/**
 * A thread of the host engine. It never returns to its event loop: it takes queries from the shared queue and sleeps
 * on the wake word when there are none.
 *
 * Invariant: everything a thread found for a query is published before its units are counted as done.
 */
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import type { EngineThreadData, ThreadOrder } from "./host-protocol.ts";
import { WordBuffer } from "./hit-buffer.ts";
import { type EngineMessage, MAILBOX_WORDS, QueryQueue, SLOT, SLOT_STATUS, SPILLED } from "./query-queue.ts";
import { UnitScanner } from "./unit-scanner.ts";

const { queue: queueMemory, thread, port } = workerData as EngineThreadData;
const queue = new QueryQueue(queueMemory);
const scanners = new Map<number, UnitScanner>();
const blocks = new WordBuffer();
const hits = new WordBuffer();

const post = (message: EngineMessage, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

function takeOrders(): void {
  for (let received; (received = receiveMessageOnPort(port)) !== undefined;) {
    const order = received.message as ThreadOrder;
    if (order.kind === "load") scanners.set(order.corpus.id, new UnitScanner(order.corpus, thread));
    else scanners.delete(order.id);
  }
}

/** The slot with the oldest query that has units left, entered; −1 when there is none. */
function enterOldest(): number {
  let oldest = -1;
  let oldestSequence = 0;
  for (let slot = 0; slot < queue.slotCount; slot++) {
    const status = queue.load(slot, SLOT.status);
    if (status !== SLOT_STATUS.READY && status !== SLOT_STATUS.PROCESSING) continue;
    if (queue.load(slot, SLOT.nextUnit) >= queue.load(slot, SLOT.unitCount)) continue;
    const sequence = queue.load(slot, SLOT.sequence);
    if (oldest >= 0 && sequence >= oldestSequence) continue;
    oldest = slot;
    oldestSequence = sequence;
  }
  if (oldest >= 0) queue.add(oldest, SLOT.entered, 1);
  return oldest;
}

/** Works on a slot that was entered until its units are all taken. */
function work(slot: number): void {
  const status = queue.load(slot, SLOT.status);
  if (status !== SLOT_STATUS.READY && status !== SLOT_STATUS.PROCESSING) return;
  Atomics.compareExchange(
    queue.control,
    queue.word(slot, SLOT.status),
    SLOT_STATUS.READY,
    SLOT_STATUS.PROCESSING,
  );
  const unitCount = queue.load(slot, SLOT.unitCount);
  const maxHits = queue.load(slot, SLOT.maxHits) >>> 0;
  let scanner: UnitScanner | undefined;
  let done = 0;
  for (;;) {
    const unit = queue.add(slot, SLOT.nextUnit, 1);
    if (unit >= unitCount || queue.stop.isSet) break;
    scanner ??= prepareScanner(slot);
    done++;
    // A query that has enough is finished without looking at the rest.
    if (maxHits !== 0 && queue.load(slot, SLOT.hitCount) >>> 0 >= maxHits) continue;
    if (queue.load(slot, SLOT.isCancelled) !== 0) continue;
    const count = scanner.scan(unit, blocks, hits);
    if (count > 0) queue.addHits(slot, count);
  }
  if (done === 0) return;
  publish(slot);
  if (queue.add(slot, SLOT.unitsDone, done) + done !== unitCount) return;
  queue.store(slot, SLOT.status, SLOT_STATUS.DONE);
  queue.wakeWaiting(slot);
  if (queue.load(slot, SLOT.wantsMessage) !== 0)
    post({ kind: "done", sequence: queue.load(slot, SLOT.sequence) });
}

function prepareScanner(slot: number): UnitScanner {
  const corpus = queue.load(slot, SLOT.corpus);
  let scanner = scanners.get(corpus);
  if (!scanner) {
    takeOrders();
    scanner = scanners.get(corpus);
    if (!scanner) throw new Error(`corpus ${corpus} was never sent to thread ${thread}`);
  }
  scanner.prepare(queue.load(slot, SLOT.sequence), queue.readLiterals(slot), queue.load(slot, SLOT.hitWords));
  return scanner;
}

/** Small answers go to the mailbox, large ones as messages. */
function publish(slot: number): void {
  if (hits.length === 0) return;
  const mailbox = queue.mailbox(slot, thread);
  const words = 2 + blocks.length + hits.length;
  if (words <= MAILBOX_WORDS) {
    mailbox.set(blocks.words, 2);
    mailbox.set(hits.words, 2 + blocks.length);
    mailbox[0] = blocks.length;
    mailbox[1] = hits.length;
    blocks.clear();
    hits.clear();
    return;
  }
  mailbox[0] = SPILLED;
  const answer = { hitWords: queue.load(slot, SLOT.hitWords), blocks: blocks.take(), hits: hits.take() };
  post({ kind: "answer", sequence: queue.load(slot, SLOT.sequence), answer }, [answer.hits.buffer]);
  queue.add(slot, SLOT.spillCount, 1);
}

function main(): void {
  try {
    for (;;) {
      const seen = queue.wake.value;
      if (queue.stop.isSet) return;
      takeOrders();
      const slot = enterOldest();
      if (slot < 0) {
        queue.wake.sleep(seen);
        continue;
      }
      try {
        work(slot);
      } finally {
        queue.add(slot, SLOT.entered, -1);
      }
    }
  } catch (error) {
    // Whoever waits for an answer learns that none will come; the thread ends with the error.
    queue.failed.set();
    for (let slot = 0; slot < queue.slotCount; slot++) queue.wakeWaiting(slot);
    throw error;
  } finally {
    port.close();
  }
}

main();
