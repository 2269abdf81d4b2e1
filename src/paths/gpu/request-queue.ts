/**
 * Lookups and writes that wait for the kernel, and those in flight.
 *
 *     lookup ──▶ ┌ waiting ─────────────────────┐ send ┌ in flight ─────────┐ collect
 *     write ───▶ │ batch  batch  WRITE  batch … │ ───▶ │ chunk chunk chunk  │ ───▶ results
 *                └──────────────────────────────┘      └────────────────────┘
 *
 * Invariants: the queue is served in order, and requests are answered in order. A write waits until no lookup is in
 * flight. The lookups after it wait until it is answered. So no lookup sees half of a change, and every lookup after
 * `write` sees all of it. When the queue ends, all waiting callers get the reason. Results that have arrived are kept.
 *
 * docs/decisions/0004-path-table-writes.md explains why writes wait, instead of lookups checking.
 */
import { EverwarpError } from "../../base/index.ts";
import { type DrivenRequests, MirrorWrite } from "../../engine/index.ts";
import { type PathWalker, misplacedError, type PathLike } from "../lookup/index.ts";
import { Table } from "../table/index.ts";
import { type LookupBatch, SinglePath } from "./lookup-batch.ts";
import { ANSWERED_INLINE, type Flight, type LookupKernel, type RequestSender } from "./request-sender.ts";
import type { ResultReader } from "./result-reader.ts";

/** The order of lookups and writes. Nothing here blocks. */
export class RequestQueue implements DrivenRequests {
  readonly #kernel: LookupKernel;
  readonly #sender: RequestSender;
  readonly #results: ResultReader;
  /** Resolves paths that the kernel gives up; undefined if the kernel never gives up. */
  readonly #walker: PathWalker | undefined;
  readonly #waiting: (LookupBatch | MirrorWrite)[] = [];
  readonly #flights: Flight[] = [];
  /** The single waiting write. All changes until it is sent belong to it. */
  #pending: MirrorWrite | undefined;
  /** The write whose requests are in flight. */
  #writing: MirrorWrite | undefined;
  #failure: EverwarpError | undefined;
  #answeredCount = 0;

  constructor(
    kernel: LookupKernel,
    sender: RequestSender,
    reader: ResultReader,
    walker: PathWalker | undefined,
  ) {
    this.#kernel = kernel;
    this.#sender = sender;
    this.#results = reader;
    this.#walker = walker;
  }

  /** Why nothing is answered any more. */
  get failure(): EverwarpError | undefined {
    return this.#failure;
  }

  /** Number of answered requests so far, whoever polled. */
  get answeredCount(): number {
    return this.#answeredCount;
  }

  /** Whether no request waits and none is in flight. */
  get isIdle(): boolean {
    return this.#flights.length === 0 && this.#waiting.length === 0;
  }

  /** Sends a single path if the queue is empty and the path is short; otherwise undefined. */
  lookupSingle(path: PathLike, directory: number, operation: number): SinglePath | undefined {
    if (!this.isIdle || this.#writing !== undefined || this.#failure !== undefined) return undefined;
    // A path that the kernel gives up is walked on the host, which needs its text. So it must be in a batch.
    if (this.#walker !== undefined) return undefined;
    const single = new SinglePath();
    try {
      return this.#fly(this.#sender.sendSingle(path, directory, operation, single)) ? single : undefined;
    } catch (error) {
      // The caller tries again with a batch, and gets the error from it.
      this.#endBy(error);
      return undefined;
    }
  }

  /** Adds a batch, and sends as much as possible. */
  lookup(batch: LookupBatch): void {
    this.#waiting.push(batch);
    this.send();
  }

  /** Adds a change, as pairs of begin and end in words. Calls `resolve` or `reject` when it has ended. */
  write(runs: Uint32Array, resolve: () => void, reject: (error: unknown) => void): void {
    // A write reads the table when it is sent, including the latest changes. So all changes must belong to it.
    // Otherwise an entry could arrive before the data that it refers to. Lookups in between may see a later change.
    const open = this.#writing !== undefined && !this.#writing.isSent ? this.#writing : this.#pending;
    if (open !== undefined) open.add(runs, { resolve, reject });
    else {
      this.#pending = new MirrorWrite(Table.PAGE_WORDS);
      this.#pending.add(runs, { resolve, reject });
      this.#waiting.push(this.#pending);
    }
    this.send();
  }

  /** Ends the queue: all waiting callers get the reason why nothing is answered any more. */
  end(error: EverwarpError): void {
    this.#failure ??= error;
    for (const { batch, single } of this.#flights.splice(0)) (batch ?? single)?.end(error);
    this.#writing?.reject(error);
    this.#writing = this.#pending = undefined;
    for (const each of this.#waiting.splice(0)) {
      if (each.kind === "write") each.reject(error);
      else each.end(error);
    }
  }

  /** Sends as much as possible, in order. */
  send(): void {
    try {
      while (this.#sendNext());
    } catch (error) {
      this.#endBy(error);
    }
  }

  /** Collects the results that are ready. */
  #collectReady(): void {
    this.#kernel.poll();
    this.collect();
  }

  #endBy(error: unknown): void {
    if (!(error instanceof EverwarpError)) throw error;
    this.end(error);
  }

  /** Sends the next request. @returns false if nothing waits, or there is no room now */
  #sendNext(): boolean {
    const writing = this.#writing;
    if (writing !== undefined) return !writing.isSent && this.#fly(this.#sender.sendWrite(writing));
    const next = this.#waiting[0];
    if (next === undefined) return false;
    if (next.kind === "write") {
      if (this.#flights.length > 0) return false;
      this.#waiting.shift();
      this.#pending = undefined;
      this.#writing = next;
      this.#sender.beginGeneration();
      return true;
    }
    const flight = next.isEnded ? undefined : this.#sendChunk(next);
    if (next.isEnded) {
      this.#waiting.shift();
      return true;
    }
    if (!this.#fly(flight)) return false;
    if (next.isSent) this.#waiting.shift();
    // While the device works on this request, collect the results that are ready.
    else this.#collectReady();
    return true;
  }

  /** Packs and sends the next paths of a batch. The batch fails if some of them are no paths. */
  #sendChunk(batch: LookupBatch): Flight | undefined {
    try {
      batch.packNext();
    } catch (error) {
      // Only this batch contains the invalid value.
      batch.end(error);
      return undefined;
    }
    try {
      return this.#sender.sendChunk(batch);
    } catch (error) {
      if (!(error instanceof EverwarpError) || error.code !== "EW_BAD_ARGUMENT") throw error;
      batch.end(error);
      return undefined;
    }
  }

  #fly(flight: Flight | undefined): boolean {
    if (flight === undefined) return false;
    this.#flights.push(flight);
    return true;
  }

  /** Collects the results of all answered requests, in order. */
  collect(): void {
    const flights = this.#flights;
    let taken = 0;
    for (; taken < flights.length && flights[taken].ticket.isDone; taken++) {
      const flight = flights[taken];
      const { failure } = flight.ticket;
      if (failure !== undefined) {
        flights.splice(0, taken);
        this.end(failure);
        return;
      }
      this.#take(flight);
      this.#sender.release(flight);
    }
    this.#answeredCount += taken;
    if (taken === 1 && flights.length === 1) flights.pop();
    else if (taken > 0) flights.splice(0, taken);
    const writing = this.#writing;
    if (writing === undefined || !writing.isSent || flights.length > 0) return;
    this.#writing = undefined;
    writing.resolve();
  }

  #take({ batch, single, ticket, first, count, resultsAt }: Flight): void {
    if (single !== undefined) {
      single.inode = ticket.result | 0;
      single.end();
    }
    if (batch === undefined) return;
    try {
      if (resultsAt === ANSWERED_INLINE) batch.results[first] = ticket.result;
      else if (!batch.isResultless) {
        if (!this.#results.copy(batch.results, first, count, resultsAt, ticket.sequence))
          throw misplacedError(batch.packed);
      }
      if (this.#walker !== undefined) batch.resolveRest(this.#walker, first, count);
    } catch (error) {
      batch.end(error);
    }
    batch.arrive(count);
  }
}
