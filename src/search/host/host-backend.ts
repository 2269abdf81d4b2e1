/**
 * The host engine: threads that stay. They sleep on a wake word, and search corpora in shared memory.
 *
 *   submit ──▶ slot in shared memory ──wake word──▶ threads take units ──▶ mailboxes ──▶ ticket
 *
 * Invariants:
 * - A ticket owns its slot from `submit` until its answer is collected.
 * - An answer is collected once, by the first caller that sees its slot DONE.
 * - One answer is collected at a time. A message that is read meanwhile only says which ticket is next.
 * - Once a thread has died, every ticket fails, and no caller waits any more.
 */
import { availableParallelism } from "node:os";
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { wholeNumber, assert, EverwarpError } from "../../base/index.ts";
import { startAsMany, startWorkerThread } from "../../threads/index.ts";
import {
  type Backend,
  type BackendInfo,
  type BackendTicket,
  literalsOf,
  type LoadOptions,
  type SubmitOptions,
} from "../backend/index.ts";
import type { Plan } from "../contracts.ts";
import type { Corpus } from "../corpus/index.ts";
import { ALL_ROWS } from "../signature/index.ts";
import { HostCorpus } from "./host-corpus.ts";
import type { EngineThreadData, ThreadOrder } from "./host-protocol.ts";
import { HostSink, releaseSegments } from "./host-sink.ts";
import { HostTicket, type TicketOwner } from "./host-ticket.ts";
import { takeFromMailbox } from "./found.ts";
import { allocateQueue, type EngineMessage, QueryQueue, SLOT, SLOT_STATUS } from "./query-queue.ts";
import { allocateSignatures } from "./segment-signatures.ts";
import { AUTOMATA, FILTERS, SentOnce } from "./sent-once.ts";
import { allocateUnitLines } from "./unit-lines.ts";

/** How many threads search, and how many requests they take. */
export interface HostBackendOptions {
  /** Threads that search. Default: one per core. */
  readonly threads?: number;
  /** Requests in flight, at most. Default: 256. */
  readonly maxInFlight?: number;
  /** Size of a segment of a corpus, for tests. Default: as large as can be. */
  readonly segmentBytes?: number;
  /** For tests: rows that signatures have. Less than all makes hashes collide. */
  readonly signatureRowMask?: number;
}

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
}

/** Searches with the host's threads. Open it with `HostBackend.open`. */
export class HostBackend implements Backend, TicketOwner {
  readonly info: BackendInfo;
  readonly #queue: QueryQueue;
  readonly #threads: readonly Thread[];
  readonly #rowMask: number;
  readonly #corpora = new Set<HostCorpus>();
  readonly #automata = new SentOnce(AUTOMATA, (order) => this.#tellThreads(order));
  readonly #filters = new SentOnce(FILTERS, (order) => this.#tellThreads(order));
  readonly #segmentBytes: number | undefined;
  /** The ticket that owns each slot. */
  readonly #slots: (HostTicket | undefined)[];
  readonly #tickets = new Map<number, HostTicket>();
  /** Sequences of queries whose word that they are done was read while an answer was being collected. */
  readonly #announced: number[] = [];
  #isCollecting = false;
  #sequence = 0;
  #corpusCount = 0;
  #nextSlot = 0;
  #failure: EverwarpError | undefined;
  #closing: Promise<void> | undefined;
  #waiting = 0;

  /**
   * Opens the backend, with as many of the threads as the system lets start.
   * @throws EW_BAD_ARGUMENT, EW_NO_THREAD
   */
  static async open(options: HostBackendOptions = {}): Promise<HostBackend> {
    const { threads = availableParallelism(), maxInFlight = 256 } = options;
    wholeNumber("threads", threads, 1, 256);
    wholeNumber("maxInFlight", maxInFlight, 1, 4096);
    const memory = allocateQueue(maxInFlight, threads);
    const started = await startAsMany(threads, async (thread): Promise<Thread> => {
      const { port1, port2 } = new MessageChannel();
      const data: EngineThreadData = { queue: memory, thread, port: port2 };
      return { worker: await startWorkerThread("host-worker", data, [port2]), port: port1 };
    });
    if (started.length === 0) {
      throw new EverwarpError("EW_NO_THREAD", "the system lets none of the host engine's threads start", {
        remedy: "Raise the limits of processes and memory (ulimit -u, ulimit -v).",
      });
    }
    return new HostBackend(new QueryQueue(memory), started, options);
  }

  private constructor(queue: QueryQueue, threads: readonly Thread[], options: HostBackendOptions) {
    this.#rowMask = options.signatureRowMask ?? ALL_ROWS;
    this.#queue = queue;
    this.#segmentBytes = options.segmentBytes;
    this.#threads = threads;
    this.#slots = Array.from({ length: queue.slotCount });
    this.info = {
      kind: "host",
      device: threads.length === 1 ? "1 thread" : `${threads.length} threads`,
      strategy: "threads",
    };
    for (const { worker, port } of threads) {
      // An idle engine keeps no process alive; a ticket that is waited for does.
      worker.unref();
      port.on("message", (message: EngineMessage) => this.#receive(message));
      port.unref();
      worker.on("error", (error: Error) => this.#threadEnded(error.message, error));
      worker.on("exit", (code) => this.#threadEnded(`exit code ${code}`));
    }
  }

  async load(corpus: Corpus, options: LoadOptions = {}): Promise<HostCorpus> {
    const { index = true, threads, maxPlaceBytes, maxHostBytes: maxBytes } = options;
    this.#throwIfEnded();
    const segmentBytes = this.#segmentBytes;
    const sink = new HostSink(this.#queue.threadCount, { segmentBytes, maxPlaceBytes, maxBytes });
    let placement;
    try {
      placement = await corpus.loadInto(sink, threads === undefined ? {} : { threads });
      this.#throwIfEnded();
    } catch (error) {
      releaseSegments(sink.segments);
      throw error;
    }
    const signatures = index
      ? allocateSignatures(placement.units, sink.segments.length, this.#rowMask)
      : undefined;
    const loaded = new HostCorpus(this.#corpusCount++, corpus, placement, sink.segments, signatures, (it) =>
      this.#unload(it),
    );
    this.#corpora.add(loaded);
    const { id } = loaded;
    const { memory: columns, units } = placement;
    const unitLines = allocateUnitLines(units.count);
    const { segments } = sink;
    this.#tellThreads({ kind: "load", corpus: { id, segments, columns, units, unitLines, signatures } });
    return loaded;
  }

  readonly hasOwnMemory = false;

  get maxPlaceBytes(): number {
    return new HostSink(this.#queue.threadCount, { segmentBytes: this.#segmentBytes }).maxPlaceBytes;
  }

  /** A thread died; the others answer no more. */
  get isLost(): boolean {
    return this.#failure !== undefined;
  }

  submit(plan: Plan, options: SubmitOptions): BackendTicket {
    this.#throwIfEnded();
    const { corpus: loaded } = options;
    if (!(loaded instanceof HostCorpus) || !this.#corpora.has(loaded)) {
      throw new EverwarpError("EW_CORPUS_UNKNOWN", "the corpus is not loaded in this engine", {
        remedy: "Load it with this engine's load(), and query it before unload().",
      });
    }
    const slot = this.#takeSlot();
    const queue = this.#queue;
    const literals = plan.kind === "automaton" ? queue.fitting(plan.required) : literalsOf(plan);
    queue.writeLiterals(slot, literals);
    const { automaton, filter } = this.#programsOf(plan);
    const sequence = (this.#sequence = (this.#sequence + 1) & 0x7fff_ffff);
    const maxHits = options.maxHits ?? 0;
    const operation = automaton === 0 ? "scan" : "match";
    const asked = { sequence, slot, operation, literals, maxHits, automaton, filter } as const;
    const ticket = new HostTicket(this, { ...asked, corpus: loaded });
    for (let thread = 0; thread < queue.threadCount; thread++) queue.mailbox(slot, thread)[0] = 0;
    const hasWork = automaton !== 0 || literals.length > 0;
    const unitCount = hasWork ? loaded.placement.units.count : 0;
    queue.store(slot, SLOT.sequence, sequence);
    queue.store(slot, SLOT.corpus, loaded.id);
    queue.store(slot, SLOT.automaton, automaton);
    queue.store(slot, SLOT.filter, filter);
    queue.store(slot, SLOT.nextUnit, 0);
    queue.store(slot, SLOT.unitCount, unitCount);
    queue.store(slot, SLOT.unitsDone, 0);
    queue.store(slot, SLOT.wantsMessage, 0);
    queue.store(slot, SLOT.spillCount, 0);
    queue.store(slot, SLOT.maxHits, Math.min(maxHits, 0xffff_ffff) | 0);
    queue.store(slot, SLOT.hitCount, 0);
    queue.store(slot, SLOT.isCancelled, 0);
    queue.store(slot, SLOT.isLocated, options.locate === true ? 1 : 0);
    queue.store(slot, SLOT.status, unitCount === 0 ? SLOT_STATUS.DONE : SLOT_STATUS.READY);
    this.#slots[slot] = ticket;
    this.#tickets.set(sequence, ticket);
    queue.wake.ring();
    return ticket;
  }

  /** Numbers of the programs that the threads need for a plan; 0 for none. */
  #programsOf(plan: Plan): { automaton: number; filter: number } {
    if (plan.kind !== "automaton") return { automaton: 0, filter: 0 };
    const isUsed = (of: "automaton" | "filter") => (id: number) =>
      [...this.#tickets.values()].some((ticket) => ticket[of] === id);
    const automaton = this.#automata.numberOf(plan.automaton, isUsed("automaton"));
    const filter = plan.filter === undefined ? 0 : this.#filters.numberOf(plan.filter, isUsed("filter"));
    return { automaton, filter };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** For tickets: is the slot's answer complete? Then it is collected. @throws EW_WORKER_DIED, EW_CLOSED */
  poll(ticket: HostTicket): boolean {
    if (ticket.answers) return true;
    if (this.#queue.load(ticket.slot, SLOT.status) === SLOT_STATUS.DONE) return this.#collect(ticket);
    this.#throwIfFailed();
    return false;
  }

  /** For tickets: sleeps until the slot's status may have changed. */
  sleep(ticket: HostTicket, timeoutMs: number): void {
    const { control } = this.#queue;
    const status = this.#queue.load(ticket.slot, SLOT.status);
    // In slices: a thread that was killed from outside wakes nobody.
    if (status !== SLOT_STATUS.DONE) {
      Atomics.wait(control, this.#queue.word(ticket.slot, SLOT.status), status, Math.min(timeoutMs, 100));
    }
  }

  /** For tickets: asks for a message when the slot is done. */
  awaken(ticket: HostTicket): void {
    this.#queue.store(ticket.slot, SLOT.wantsMessage, 1);
    if (this.#waiting++ === 0) for (const { port } of this.#threads) port.ref();
  }

  /** For tickets: the opposite of `awaken`. */
  rest(): void {
    if (--this.#waiting === 0) for (const { port } of this.#threads) port.unref();
  }

  /** For tickets: the units of the slot that no thread has begun are passed over. */
  skip(ticket: HostTicket): void {
    this.#queue.store(ticket.slot, SLOT.isCancelled, 1);
  }

  trim(forgets: boolean): void {
    if (this.#tickets.size > 0 || this.isLost || this.#closing !== undefined) return;
    if (forgets) for (const sent of [this.#automata, this.#filters]) sent.forgetAll();
    this.#tellThreads({ kind: "trim" });
  }

  #takeSlot(): number {
    const queue = this.#queue;
    for (let tried = 0; tried < queue.slotCount; tried++) {
      const slot = (this.#nextSlot + tried) % queue.slotCount;
      const owner = this.#slots[slot];
      if (owner && queue.load(slot, SLOT.status) === SLOT_STATUS.DONE) this.#collect(owner);
      if (queue.load(slot, SLOT.status) !== SLOT_STATUS.EMPTY || queue.load(slot, SLOT.entered) !== 0)
        continue;
      this.#nextSlot = (slot + 1) % queue.slotCount;
      return slot;
    }
    throw new EverwarpError("EW_QUEUE_FULL", `all ${queue.slotCount} slots of the queue are taken`, {
      remedy: "Wait for an earlier query, or open the engine with more slots.",
    });
  }

  /** Collects the ticket's answer, and those whose word that they are done is read on the way. */
  #collect(ticket: HostTicket): true {
    assert(!this.#isCollecting, `query ${ticket.sequence} was to be collected within another one`);
    this.#isCollecting = true;
    try {
      this.#takeAnswer(ticket);
      for (let sequence; (sequence = this.#announced.shift()) !== undefined;) {
        const announced = this.#tickets.get(sequence);
        if (announced !== undefined) this.#takeAnswer(announced);
      }
    } finally {
      this.#isCollecting = false;
    }
    return true;
  }

  /** Takes the answer of a slot that is DONE out of shared memory and frees the slot. */
  #takeAnswer(ticket: HostTicket): void {
    const { slot, sequence } = ticket;
    const queue = this.#queue;
    this.#takeSpilled(ticket);
    const answers = ticket.spilled;
    for (let thread = 0; thread < queue.threadCount; thread++) {
      const answer = takeFromMailbox(queue.mailbox(slot, thread));
      if (answer !== undefined) answers.push(answer);
    }
    queue.store(slot, SLOT.status, SLOT_STATUS.EMPTY);
    this.#slots[slot] = undefined;
    this.#tickets.delete(sequence);
    ticket.settle(answers);
  }

  /** Answers that were too large for a mailbox were sent before the slot was done: they are here or on their way in. */
  #takeSpilled(ticket: HostTicket): void {
    const expected = this.#queue.load(ticket.slot, SLOT.spillCount);
    for (const { port } of this.#threads) {
      while (ticket.spillCount < expected) {
        const received = receiveMessageOnPort(port);
        if (received === undefined) break;
        this.#receive(received.message as EngineMessage);
      }
    }
    assert(
      ticket.spillCount === expected,
      `query ${ticket.sequence}: ${ticket.spillCount} of ${expected} large answers came`,
    );
  }

  #receive(message: EngineMessage): void {
    const ticket = this.#tickets.get(message.sequence);
    if (!ticket) return; // the word that it is done comes after someone saw it in shared memory
    if (message.kind === "answer") {
      ticket.spilled.push(message.answer);
      ticket.spillCount++;
    } else if (this.#isCollecting) this.#announced.push(message.sequence);
    else this.poll(ticket);
  }

  #tellThreads(order: ThreadOrder): void {
    for (const { port } of this.#threads) port.postMessage(order);
    this.#queue.wake.ring();
  }

  async #unload(corpus: HostCorpus): Promise<void> {
    if (!this.#corpora.delete(corpus)) return;
    const inFlight = [...this.#tickets.values()].filter((ticket) => ticket.corpus === corpus);
    await Promise.all(inFlight.map((ticket) => ticket.wait()));
    if (this.#failure === undefined && this.#closing === undefined)
      this.#tellThreads({ kind: "unload", id: corpus.id });
    corpus.release();
  }

  #throwIfFailed(): void {
    if (this.#failure === undefined && this.#queue.failed.isSet) {
      this.#fail("a thread reported an error", undefined);
    }
    if (this.#failure) throw this.#failure;
  }

  #throwIfEnded(): void {
    this.#throwIfFailed();
    if (this.#closing) {
      throw new EverwarpError("EW_CLOSED", "the host engine was closed", { remedy: "Open a new one." });
    }
  }

  #threadEnded(detail: string, cause?: unknown): void {
    if (!this.#closing) this.#fail(detail, cause);
  }

  #fail(detail: string, cause: unknown): void {
    if (this.#failure) return;
    this.#failure = new EverwarpError("EW_WORKER_DIED", `a thread of the host engine ended: ${detail}`, {
      remedy: "Open a new engine, and search again. If this happens every time, please report it.",
      cause,
    });
    this.#endTickets(this.#failure);
  }

  #endTickets(error: EverwarpError): void {
    const tickets = [...this.#tickets.values()];
    this.#tickets.clear();
    for (const ticket of tickets) ticket.fail(error);
  }

  async #close(): Promise<void> {
    this.#queue.stop.set();
    this.#queue.wake.ring();
    this.#endTickets(
      new EverwarpError("EW_CLOSED", "the host engine was closed while the query was in flight", {
        remedy: "Wait for queries before closing.",
      }),
    );
    await Promise.all(
      this.#threads.map(async ({ worker, port }) => {
        worker.ref();
        await worker.terminate();
        port.close();
      }),
    );
    for (const corpus of this.#corpora) corpus.release();
    this.#corpora.clear();
  }
}
