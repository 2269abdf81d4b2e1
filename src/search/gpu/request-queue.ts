/**
 * Requests on their way to a kernel and back.
 *
 *     add ──▶ waiting ──a region and a slot are free──▶ running ──answered──▶ records copied ──▶ query done
 *                ▲                                                                 │
 *                └── asked again with more room, range by range, where they did not fit ◀──┘
 *
 * Invariants:
 * - Requests wait in the order in which they were added. So any number of queries may be in flight.
 * - While the queue is paused, or has no kernel yet, it sends nothing.
 * - It does not send a request of a query that was cancelled.
 */
import { ASSERT_INTERVAL_MS, SPINS_PER_CLOCK } from "../../base/index.ts";
import { CompletionDriver, type DrivenRequests } from "../../engine/index.ts";
import type { ResidentLoop, Ticket } from "../../residency/index.ts";
import type { DeviceQuery } from "./device-query.ts";
import type { DeviceRequest } from "./device-request.ts";
import type { TurnTaker } from "./kernel-turns.ts";
import { type RecordMemory, SPILL_RECORDS, SPILL_REGION } from "./record-memory.ts";
import { Request } from "./scan.schema.ts";

/** Words of the longest request, which is one to scan. */
const REQUEST_WORDS_MAX = Request.LITERAL + Request.LITERAL_BYTES_MAX / 4;

/** What a queue sends to. */
export interface RequestTaker {
  readonly kernel: ResidentLoop;
  readonly memory: RecordMemory;
}

/** Sends requests and takes their answers. */
export class RequestQueue implements DrivenRequests, TurnTaker {
  #taker: RequestTaker | undefined;
  readonly #running: DeviceRequest[] = [];
  readonly #waiting: DeviceRequest[] = [];
  readonly #words = new Uint32Array(REQUEST_WORDS_MAX);
  #spillOwner: DeviceRequest | undefined;
  #pauseCount = 0;
  #assertedMs = 0;
  #answeredCount = 0;
  #waiterCount = 0;
  #isClosed = false;
  readonly #driver: CompletionDriver;
  /** May the next request be sent? For kernels that take turns. */
  mayGo: () => boolean = () => true;

  /** @param noun name of the kernel in errors: "scan kernel" */
  constructor(noun: string, taker?: RequestTaker) {
    this.#taker = taker;
    // The kernel itself knows when it stalls.
    this.#driver = new CompletionDriver(
      { poll: () => this.#poll(), assertRunning: () => this.#kernel?.assertRunning() },
      this,
      { noun, stallMs: Infinity },
    );
  }

  /** Gives the queue its kernel, and sends what waits. */
  attach(taker: RequestTaker): void {
    this.#taker = taker;
    this.send();
    if (this.#waiterCount > 0) this.#driver.drive();
  }

  /** Behind `close` the memory that the kernel answers in may be gone. */
  get #kernel(): ResidentLoop | undefined {
    return this.#isClosed ? undefined : this.#taker?.kernel;
  }

  get #isHeld(): boolean {
    return this.#pauseCount > 0 || this.#taker === undefined;
  }

  #poll(): number {
    return this.#kernel?.poll() ?? 0;
  }

  /** Number of the query that the next request belongs to; undefined where nothing waits that could be sent. */
  get nextNumber(): number | undefined {
    return this.#isHeld ? undefined : this.#waiting[0]?.query.number;
  }

  /** For the driver: requests that were answered so far. */
  get answeredCount(): number {
    return this.#answeredCount;
  }

  /** Has the kernel nothing in hand? */
  get isAtRest(): boolean {
    return this.#running.length === 0;
  }

  /** For the driver: there is nothing to look for. While the queue is paused, what waits is no reason to look. */
  get isIdle(): boolean {
    return this.#running.length === 0 && (this.#waiting.length === 0 || this.#isHeld);
  }

  /** Queues the requests of a query, and sends what there is room for. */
  add(query: DeviceQuery): void {
    for (const request of query.requests) this.#waiting.push(request);
    this.send();
  }

  /** Sends nothing more until `resume`. */
  pause(): void {
    this.#pauseCount++;
  }

  /** Ends one pause. */
  resume(): void {
    this.#pauseCount--;
    this.send();
    if (this.#waiterCount > 0) this.#driver.drive();
  }

  /** Lets everything that can go on go on. Never blocks. */
  advance(): void {
    this.#poll();
    const now = performance.now();
    if (this.#running.length > 0 && now - this.#assertedMs > ASSERT_INTERVAL_MS) {
      this.#assertedMs = now;
      this.#kernel?.assertRunning();
    }
    this.collect();
    this.send();
  }

  /** Takes the answers that have come, and sends nothing. */
  settle(): void {
    this.#poll();
    this.collect();
  }

  /** Blocks until the query is answered, or the time is over. @returns false when the time was over */
  waitSync(query: DeviceQuery, timeoutMs: number): boolean {
    const begin = performance.now();
    for (;;) {
      if (query.isEnded) return true;
      const request = query.pendingRequest();
      const left = timeoutMs - (performance.now() - begin);
      if (request?.ticket === undefined) {
        if (left <= 0 || this.#isHeld) return false; // a load, or the start of a kernel, needs the event loop to end
        // The request waits behind others, here or in the queue of another kernel.
        const ahead = this.#running[0]?.ticket;
        if (ahead !== undefined) this.#kernel?.waitSync(ahead, left);
      } else if (this.#kernel?.waitSync(request.ticket, left) !== true) {
        return query.isEnded;
      }
      // Others of a burst are answered by now too: taken together, their waits find them done.
      if (this.#running.length > 1) this.#poll();
      this.collect();
      this.send();
    }
  }

  /** Resolves when the query is answered, or has failed. */
  async wait(query: DeviceQuery): Promise<void> {
    if (query.isEnded) return;
    for (let spin = 0; spin < SPINS_PER_CLOCK; spin++) if (this.#poll() > 0) break;
    this.collect();
    this.send();
    if (query.isEnded) return;
    this.#waiterCount++;
    try {
      this.#driver.drive();
      await query.ended();
    } finally {
      this.#waiterCount--;
    }
  }

  /** Drops the requests of a query that were not sent. */
  cancel(query: DeviceQuery): void {
    query.cancel();
    let kept = 0;
    for (const request of this.#waiting) {
      if (request.query === query) this.#release(request);
      else this.#waiting[kept++] = request;
    }
    this.#waiting.length = kept;
    this.send(); // the spill region may have become free
  }

  /** Ends every query with an error. */
  end(error: unknown): void {
    const requests = [...this.#waiting.splice(0), ...this.#running.splice(0)];
    for (const { query } of requests) query.end(error);
  }

  /** Ends every query with an error; from then on the kernel is not looked at. */
  close(error: unknown): void {
    this.#isClosed = true;
    this.end(error);
  }

  /** Sends waiting requests to the kernel, in order, while there is room. */
  send(): void {
    while (this.#waiting.length > 0 && !this.#isHeld) {
      const { kernel, memory } = this.#taker as RequestTaker;
      if (kernel.isFull || !this.mayGo()) return;
      const [request] = this.#waiting;
      if (request === undefined) return;
      const isSpill = request.ranges !== undefined;
      if (isSpill ? this.#spillOwner !== undefined && this.#spillOwner !== request : memory.isFull) return;
      if (!request.acquire()) return;
      this.#waiting.shift();
      this.#launch(request, isSpill, kernel, memory);
    }
  }

  #launch(request: DeviceRequest, isSpill: boolean, kernel: ResidentLoop, memory: RecordMemory): void {
    const region = isSpill ? SPILL_REGION : memory.take();
    if (isSpill) this.#spillOwner = request;
    request.region = region;
    request.capacity = isSpill ? SPILL_RECORDS : request.firstCapacity;
    try {
      const { range } = request;
      const wordCount = request.encode(this.#words, {
        corpusIndex: request.query.corpus.index,
        recordBase: memory.firstRecord(region),
        recordCapacity: request.capacity,
        rangeBegin: range.begin,
        rangeEnd: range.end,
      });
      request.ticket = kernel.submit(this.#words, wordCount);
      this.#running.push(request);
    } catch (error) {
      this.#release(request);
      request.query.end(error);
    }
  }

  /** Takes the records of every request that was answered. */
  collect(): void {
    const running = this.#running;
    let kept = 0;
    for (let index = 0; index < running.length; index++) {
      const request = running[index];
      if (request.ticket?.isDone === true) this.#take(request, request.ticket);
      else running[kept++] = request;
    }
    running.length = kept;
  }

  #take(request: DeviceRequest, ticket: Ticket): void {
    request.ticket = undefined;
    this.#answeredCount++;
    if (ticket.failure !== undefined) return this.#fail(request, ticket.failure);
    const total = ticket.result;
    const count = request.recordsOfUse(total);
    let records: Uint32Array | undefined;
    try {
      // Also of a query that was cancelled: its records must not be found by the next request of the region.
      if (count > 0) records = this.#taker?.memory.copy(request.region, ticket.sequence, count);
    } catch (error) {
      return this.#fail(request, error);
    }
    if (request.query.isCancelled) {
      request.records.length = 0;
      this.#release(request);
    } else if (request.take(total, records)) {
      this.#release(request);
      request.query.requestDone();
    } else {
      if (request.region !== SPILL_REGION) this.#release(request);
      // Ahead of everything else, so that the spill region is soon free again.
      this.#waiting.unshift(request);
    }
  }

  #fail(request: DeviceRequest, error: unknown): void {
    this.#release(request);
    request.query.end(error);
  }

  #release(request: DeviceRequest): void {
    if (this.#spillOwner === request) this.#spillOwner = undefined;
    request.release();
    this.#taker?.memory.release(request.region);
    request.region = -1;
  }
}
