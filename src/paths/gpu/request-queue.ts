/**
 * Lookups and writes that wait for the kernel, and those in flight.
 *
 *     lookup ──▶ ┌ waiting ─────────────────────┐ send ┌ in flight ─────────┐ collect
 *     write ───▶ │ batch  batch  WRITE  batch … │ ───▶ │ chunk chunk chunk  │ ───▶ results
 *                └──────────────────────────────┘      └────────────────────┘
 *
 * Invariants: the queue is served in its order, and requests are answered in their order. A write waits until no lookup
 * is in flight, and the lookups after it wait until it is answered. So no lookup sees half of a change, and every
 * lookup after `write` sees all of it. When the queue ends, everyone who waits is told why; results that have come are
 * kept.
 *
 * Why writes wait instead of lookups checking: docs/decisions/0004-path-table-writes.md.
 */
import { EverwarpError } from "../../base/index.ts";
import { type DrivenRequests, MirrorWrite } from "../../engine/index.ts";
import { type PathWalker, misplacedError, type PathLike } from "../lookup/index.ts";
import { Table } from "../table/index.ts";
import { type LookupBatch, SinglePath } from "./lookup-batch.ts";
import { ANSWERED_INLINE, type Flight, type LookupKernel, type RequestSender } from "./request-sender.ts";
import type { ResultReader } from "./result-reader.ts";

/** The order of lookups and writes. Nothing in it blocks. */
export class RequestQueue implements DrivenRequests {
  readonly #kernel: LookupKernel;
  readonly #sender: RequestSender;
  readonly #results: ResultReader;
  /** Resolves what the kernel gives up; undefined if it never does. */
  readonly #walker: PathWalker | undefined;
  readonly #waiting: (LookupBatch | MirrorWrite)[] = [];
  readonly #flights: Flight[] = [];
  /** The one write that waits. All changes until it is sent are part of it. */
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

  /** Requests that were answered so far, whoever looked. */
  get answeredCount(): number {
    return this.#answeredCount;
  }

  /** Does nothing wait, and is nothing in flight? */
  get isIdle(): boolean {
    return this.#flights.length === 0 && this.#waiting.length === 0;
  }

  /** Sends one path past an empty queue; undefined if the queue is not empty, or the path is long. */
  lookupSingle(path: PathLike, directory: number, operation: number): SinglePath | undefined {
    if (!this.isIdle || this.#writing !== undefined || this.#failure !== undefined) return undefined;
    // What the kernel gives up is walked here, by its text.
    if (this.#walker !== undefined) return undefined;
    const single = new SinglePath();
    try {
      return this.#fly(this.#sender.sendSingle(path, directory, operation, single)) ? single : undefined;
    } catch (error) {
      // The caller asks again with a batch, and is told why.
      this.#endBy(error);
      return undefined;
    }
  }

  /** Adds a batch, and sends what can be sent. */
  lookup(batch: LookupBatch): void {
    this.#waiting.push(batch);
    this.send();
  }

  /** Adds a change: pairs of begin and end, in words. One of `resolve` and `reject` is called when it has ended. */
  write(runs: Uint32Array, resolve: () => void, reject: (error: unknown) => void): void {
    // A write reads the table of the moment when it is sent, newest changes included. So all changes must be part of
    // it, or an entry could come before what it points to. Lookups in between may see a change that was made after
    // them.
    const open = this.#writing !== undefined && !this.#writing.isSent ? this.#writing : this.#pending;
    if (open !== undefined) open.add(runs, { resolve, reject });
    else {
      this.#pending = new MirrorWrite(Table.PAGE_WORDS);
      this.#pending.add(runs, { resolve, reject });
      this.#waiting.push(this.#pending);
    }
    this.send();
  }

  /** Ends the queue: everyone who waits is told why nothing is answered any more. */
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

  /** Sends what can be sent, in its order. */
  send(): void {
    try {
      while (this.#sendNext());
    } catch (error) {
      this.#endBy(error);
    }
  }

  /** Takes the results that the device has. */
  #look(): void {
    this.#kernel.poll();
    this.collect();
  }

  #endBy(error: unknown): void {
    if (!(error instanceof EverwarpError)) throw error;
    this.end(error);
  }

  /** Takes one step. @returns false if nothing waits, or there is no room now */
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
    // While the device works on this, the results that it has are taken.
    else this.#look();
    return true;
  }

  /** Packs and sends the next paths of a batch. The batch ends if some of them are no paths. */
  #sendChunk(batch: LookupBatch): Flight | undefined {
    try {
      batch.packNext();
    } catch (error) {
      // Only this batch has a value that is no path.
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

  /** Takes the results of everything that was answered, in order. */
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
