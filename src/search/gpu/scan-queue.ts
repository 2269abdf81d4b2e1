/**
 * Scans on their way to the kernel and back.
 *
 *     add ──▶ waiting ──a region and a slot are free──▶ running ──answered──▶ records copied ──▶ query done
 *                ▲                                                                 │
 *                └── asked again with more room, range by range, where they did not fit ◀──┘
 *
 * Invariants: scans wait in the order in which they were added, so any number of queries may be in flight; while the
 * queue is paused nothing is sent; a scan of a query that was cancelled is not sent.
 */
import { ASSERT_INTERVAL_MS, SPINS_PER_CLOCK } from "../../base/index.ts";
import { CompletionDriver, type DrivenRequests } from "../../engine/index.ts";
import type { ResidentLoop, Ticket } from "../../residency/index.ts";
import type { DeviceQuery, Scan } from "./device-query.ts";
import { type RecordMemory, REGION_RECORDS, SPILL_RECORDS, SPILL_REGION } from "./record-memory.ts";
import { encodeScanRequest } from "./scan-request.ts";
import { Request } from "./scan.schema.ts";

/** Sends scans and takes their answers. */
export class ScanQueue implements DrivenRequests {
  readonly #kernel: ResidentLoop;
  readonly #memory: RecordMemory;
  readonly #running: Scan[] = [];
  readonly #waiting: Scan[] = [];
  readonly #words = new Uint32Array(Request.LITERAL + Request.LITERAL_BYTES_MAX / 4);
  #spillOwner: Scan | undefined;
  #pauseCount = 0;
  #assertedMs = 0;
  #answeredCount = 0;
  #waiterCount = 0;
  #isClosed = false;
  readonly #driver: CompletionDriver;

  constructor(kernel: ResidentLoop, memory: RecordMemory) {
    this.#kernel = kernel;
    this.#memory = memory;
    // Behind `close` the memory that the kernel answers in may be gone; the kernel itself knows when it stalls.
    const driven = {
      poll: () => (this.#isClosed ? 0 : kernel.poll()),
      assertRunning: () => {
        if (!this.#isClosed) kernel.assertRunning();
      },
    };
    this.#driver = new CompletionDriver(driven, this, { noun: "scan kernel", stallMs: Infinity });
  }

  /** For the driver: scans that were answered so far. */
  get answeredCount(): number {
    return this.#answeredCount;
  }

  /** Has the kernel nothing in hand? */
  get isAtRest(): boolean {
    return this.#running.length === 0;
  }

  /** For the driver: there is nothing to look for. While the queue is paused, what waits is no reason to look. */
  get isIdle(): boolean {
    return this.#running.length === 0 && (this.#waiting.length === 0 || this.#pauseCount > 0);
  }

  /** Queues the scans of a query, and sends what there is room for. */
  add(query: DeviceQuery): void {
    for (const scan of query.scans) this.#waiting.push(scan);
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
    this.#kernel.poll();
    const now = performance.now();
    if (this.#running.length > 0 && now - this.#assertedMs > ASSERT_INTERVAL_MS) {
      this.#assertedMs = now;
      this.#kernel.assertRunning();
    }
    this.collect();
    this.send();
  }

  /** Blocks until the query is answered, or the time is over. @returns false when the time was over */
  waitSync(query: DeviceQuery, timeoutMs: number): boolean {
    const begin = performance.now();
    for (;;) {
      if (query.isEnded) return true;
      const scan = query.pendingScan();
      const left = timeoutMs - (performance.now() - begin);
      if (scan?.ticket === undefined) {
        // The scan waits behind others, or behind a load, which needs the event loop to end.
        if (this.#running.length === 0 || left <= 0) return false;
        this.#kernel.waitSync(this.#running[0].ticket as Ticket, left);
      } else if (!this.#kernel.waitSync(scan.ticket, left)) {
        return query.isEnded;
      }
      // Others of a burst are answered by now too: taken together, their waits find them done.
      if (this.#running.length > 1) this.#kernel.poll();
      this.collect();
      this.send();
    }
  }

  /** Resolves when the query is answered, or has failed. */
  async wait(query: DeviceQuery): Promise<void> {
    if (query.isEnded) return;
    for (let spin = 0; spin < SPINS_PER_CLOCK; spin++) if (this.#kernel.poll() > 0) break;
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

  /** Drops the scans of a query that were not sent. */
  cancel(query: DeviceQuery): void {
    query.cancel();
    let kept = 0;
    for (const scan of this.#waiting) {
      if (scan.query === query) this.#release(scan);
      else this.#waiting[kept++] = scan;
    }
    this.#waiting.length = kept;
    this.send(); // the spill region may have become free
  }

  /** Ends every query with an error. */
  end(error: unknown): void {
    for (const scan of [...this.#waiting.splice(0), ...this.#running.splice(0)]) scan.query.end(error);
  }

  /** Ends every query with an error; from then on the kernel is not looked at. */
  close(error: unknown): void {
    this.#isClosed = true;
    this.end(error);
  }

  /** Sends waiting scans to the kernel, in order, while there is room. */
  send(): void {
    while (this.#waiting.length > 0 && this.#pauseCount === 0) {
      const scan = this.#waiting[0];
      if (this.#kernel.isFull) return;
      const isSpill = scan.ranges !== undefined;
      if (isSpill ? this.#spillOwner !== undefined && this.#spillOwner !== scan : this.#memory.isFull) return;
      this.#waiting.shift();
      this.#launch(scan, isSpill);
    }
  }

  #launch(scan: Scan, isSpill: boolean): void {
    const { corpus } = scan.query;
    const range = scan.ranges?.[0];
    const region = isSpill ? SPILL_REGION : this.#memory.take();
    if (isSpill) this.#spillOwner = scan;
    scan.region = region;
    scan.capacity = isSpill ? SPILL_RECORDS : Math.min(REGION_RECORDS, scan.query.recordsWanted);
    try {
      const wordCount = encodeScanRequest(
        this.#words,
        scan.literal,
        {
          corpusIndex: corpus.index,
          recordBase: this.#memory.firstRecord(region),
          recordCapacity: scan.capacity,
          rangeBegin: range?.begin ?? 0,
          rangeEnd: range?.end ?? corpus.tileCount,
          skipping: isSpill ? undefined : corpus.skippingFor(scan.literal),
        },
        corpus.pairs,
      );
      scan.ticket = this.#kernel.submit(this.#words, wordCount);
      this.#running.push(scan);
    } catch (error) {
      this.#release(scan);
      scan.query.end(error);
    }
  }

  /** Takes the records of every scan that was answered. */
  collect(): void {
    const running = this.#running;
    let kept = 0;
    for (let index = 0; index < running.length; index++) {
      const scan = running[index];
      if (scan.ticket?.isDone === true) this.#take(scan, scan.ticket);
      else running[kept++] = scan;
    }
    running.length = kept;
  }

  #take(scan: Scan, ticket: Ticket): void {
    scan.ticket = undefined;
    this.#answeredCount++;
    if (ticket.failure !== undefined) return this.#fail(scan, ticket.failure);
    const total = ticket.result;
    const isComplete = total <= scan.capacity || scan.capacity >= scan.query.recordsWanted;
    if (isComplete) {
      try {
        // Also of a query that was cancelled: its records must not be found by the next scan of the region.
        scan.records.push(this.#memory.copy(scan.region, ticket.sequence, Math.min(total, scan.capacity)));
      } catch (error) {
        return this.#fail(scan, error);
      }
    }
    if (scan.query.isCancelled) {
      scan.records.length = 0;
      this.#release(scan);
    } else if (scan.advance(total, isComplete, SPILL_RECORDS)) {
      this.#release(scan);
      scan.query.scanDone();
    } else {
      if (scan.region !== SPILL_REGION) this.#release(scan);
      // Ahead of everything else, so that the spill region is soon free again.
      this.#waiting.unshift(scan);
    }
  }

  #fail(scan: Scan, error: unknown): void {
    this.#release(scan);
    scan.query.end(error);
  }

  #release(scan: Scan): void {
    if (this.#spillOwner === scan) this.#spillOwner = undefined;
    this.#memory.release(scan.region);
    scan.region = -1;
  }
}
