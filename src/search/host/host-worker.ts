/**
 * A thread of the host engine. It never returns to its event loop: it takes queries from the shared queue and sleeps
 * on the wake word when there are none. Before it sleeps, it makes what signatures are missing, some 40 µs at a time.
 *
 * Invariant: everything a thread found for a query is published before its units are counted as done.
 */
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { collectGarbage } from "../../threads/index.ts";
import type { EngineThreadData, ThreadOrder } from "./host-protocol.ts";
import type { ThreadFilter } from "./candidates.ts";
import { Found, HIT_COLUMNS, LOCATED_HIT_COLUMNS, SPILLED } from "./found.ts";
import { type EngineMessage, QueryQueue, SLOT, SLOT_STATUS } from "./query-queue.ts";
import { ThreadCorpus } from "./thread-corpus.ts";
import { type ThreadAutomaton, UnitMatcher } from "./unit-matcher.ts";
import { UnitScanner, type UnitSearch } from "./unit-scanner.ts";

const { queue: queueMemory, thread, port } = workerData as EngineThreadData;
const queue = new QueryQueue(queueMemory);
const corpora = new Map<number, ThreadCorpus>();
const automata = new Map<number, ThreadAutomaton>();
const filters = new Map<number, ThreadFilter>();
const found = new Found();

const post = (message: EngineMessage, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

function takeOrders(): void {
  for (let received; (received = receiveMessageOnPort(port)) !== undefined;) {
    const order = received.message as ThreadOrder;
    if (order.kind === "load") corpora.set(order.corpus.id, new ThreadCorpus(order.corpus, thread));
    else if (order.kind === "unload") corpora.delete(order.id);
    else if (order.kind === "automaton") automata.set(order.id, order.value);
    else if (order.kind === "filter") filters.set(order.id, order.value);
    else if (order.kind === "trim") trim();
    else (order.what === "filter" ? filters : automata).delete(order.id);
  }
}

/** Gives back the memory of earlier queries. */
function trim(): void {
  found.trim();
  collectGarbage();
}

/** Makes some signatures of a corpus. @returns false where all corpora have theirs */
function makeSignatures(): boolean {
  for (const { signatures } of corpora.values()) if (signatures?.makeWord() === true) return true;
  return false;
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
  const isUnwanted = (): boolean => queue.stop.isSet || queue.load(slot, SLOT.isCancelled) !== 0;
  let search: UnitSearch | undefined;
  let done = 0;
  for (;;) {
    const unit = queue.add(slot, SLOT.nextUnit, 1);
    if (unit >= unitCount || queue.stop.isSet) break;
    search ??= prepareSearch(slot);
    done++;
    // A query that has enough is finished without looking at the rest.
    if (maxHits !== 0 && queue.load(slot, SLOT.hitCount) >>> 0 >= maxHits) continue;
    if (isUnwanted()) continue;
    const before = found.hits.length;
    search.search(unit, found, isUnwanted);
    if (found.hits.length > before) queue.add(slot, SLOT.hitCount, found.hits.length - before);
  }
  if (done === 0) return;
  publish(slot);
  if (queue.add(slot, SLOT.unitsDone, done) + done !== unitCount) return;
  queue.store(slot, SLOT.status, SLOT_STATUS.DONE);
  queue.wakeWaiting(slot);
  if (queue.load(slot, SLOT.wantsMessage) !== 0)
    post({ kind: "done", sequence: queue.load(slot, SLOT.sequence) });
}

/** What was sent before the query, and may not have been read. */
function sent<T>(things: ReadonlyMap<number, T>, id: number, name: string): T {
  if (!things.has(id)) takeOrders();
  const thing = things.get(id);
  if (thing === undefined) throw new Error(`${name} ${id} was never sent to thread ${thread}`);
  return thing;
}

function prepareSearch(slot: number): UnitSearch {
  const corpus = sent(corpora, queue.load(slot, SLOT.corpus), "corpus");
  const sequence = queue.load(slot, SLOT.sequence);
  const isLocated = queue.load(slot, SLOT.isLocated) !== 0;
  const literals = queue.readLiterals(slot);
  const automaton = queue.load(slot, SLOT.automaton);
  if (automaton === 0) return new UnitScanner(corpus, sequence, literals, isLocated);
  const filter = queue.load(slot, SLOT.filter);
  return new UnitMatcher(corpus, {
    automaton: sent(automata, automaton, "automaton"),
    required: literals,
    filter: filter === 0 ? undefined : sent(filters, filter, "filter"),
    query: sequence,
    isLocated,
  });
}

/** Small answers go to the mailbox, large ones as messages. */
function publish(slot: number): void {
  if (found.isEmpty) return found.clear(); // what a query that was cancelled left
  const hitColumns = queue.load(slot, SLOT.isLocated) === 0 ? HIT_COLUMNS : LOCATED_HIT_COLUMNS;
  const mailbox = queue.mailbox(slot, thread);
  if (found.putInto(mailbox, hitColumns)) return;
  mailbox[0] = SPILLED;
  const { answer, buffers } = found.take(hitColumns);
  post({ kind: "answer", sequence: queue.load(slot, SLOT.sequence), answer }, buffers);
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
        if (!makeSignatures()) queue.wake.sleep(seen);
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
