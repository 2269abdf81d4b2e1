/**
 * The line of lookups and writes before the kernel.
 *
 *     lookup ──▶ ┌ line ────────────────────────┐ send ┌ in flight ─────────┐ collect
 *     apply ───▶ │ batch  batch  WRITE  batch … │ ───▶ │ chunk chunk chunk  │ ───▶ results
 *                └──────────────────────────────┘      └────────────────────┘
 *
 * Invariants: the line is served in its order. A write waits until no lookup is in flight, and lookups behind it wait
 * until it is answered: so no lookup sees half of a change, and every lookup behind `write` sees all of it. Requests
 * are answered in their order. Whatever is in the line or in flight when it
 * ends is told why; results that have come are kept.
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

export class RequestQueue implements DrivenRequests {
  readonly #kernel: LookupKernel;
  readonly #sender: RequestSender;
  readonly #results: ResultReader;
  /** Resolves what the kernel gives up; undefined where it never does. */
  readonly #walker: PathWalker | undefined;
  readonly #line: (LookupBatch | MirrorWrite)[] = [];
  readonly #flights: Flight[] = [];
  /** The one write in the line; all changes until it is sent are part of it. */
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

  /** Nothing is in line or in flight. */
  get isIdle(): boolean {
    return this.#flights.length === 0 && this.#line.length === 0;
  }

  /** Sends one path past an idle line; undefined where that cannot be: it is not idle, or the path is long. */
  lookupSingle(path: PathLike, directory: number, operation: number): SinglePath | undefined {
    if (!this.isIdle || this.#writing !== undefined || this.#failure !== undefined) return undefined;
    // What the kernel gives up must be walked here, by its text.
    if (this.#walker !== undefined) return undefined;
    const single = new SinglePath();
    try {
      return this.#fly(this.#sender.sendSingle(path, directory, operation, single)) ? single : undefined;
    } catch (error) {
      // Who asks again, with a batch, is told why.
      this.#endBy(error);
      return undefined;
    }
  }

  lookup(batch: LookupBatch): void {
    this.#line.push(batch);
    this.send();
  }

  write(runs: Uint32Array, resolve: () => void, reject: (error: unknown) => void): void {
    // What a write reads is the table of that moment, newest changes and all: so they all must be part of it, or an
    // entry could come before what it points to. Lookups in between may see a change that was asked for behind them.
    const open = this.#writing !== undefined && !this.#writing.isSent ? this.#writing : this.#pending;
    if (open !== undefined) open.add(runs, { resolve, reject });
    else {
      this.#pending = new MirrorWrite(Table.PAGE_WORDS);
      this.#pending.add(runs, { resolve, reject });
      this.#line.push(this.#pending);
    }
    this.send();
  }

  /** Nothing is answered any more: everyone who waits is told why. */
  end(error: EverwarpError): void {
    this.#failure ??= error;
    for (const { batch, single } of this.#flights.splice(0)) (batch ?? single)?.end(error);
    this.#writing?.reject(error);
    this.#writing = this.#pending = undefined;
    for (const waiting of this.#line.splice(0)) {
      if (waiting.kind === "write") waiting.reject(error);
      else waiting.end(error);
    }
  }

  /** Sends what can be sent, in line. */
  send(): void {
    try {
      while (this.#sendNext());
    } catch (error) {
      this.#endBy(error);
    }
  }

  /** Takes in what the device has done already. */
  #look(): void {
    this.#kernel.poll();
    this.collect();
  }

  #endBy(error: unknown): void {
    if (!(error instanceof EverwarpError)) throw error;
    this.end(error);
  }

  /** Takes one step in line; false where there is nothing to send, or no room now. */
  #sendNext(): boolean {
    const writing = this.#writing;
    if (writing !== undefined) return !writing.isSent && this.#fly(this.#sender.sendWrite(writing));
    const next = this.#line[0];
    if (next === undefined) return false;
    if (next.kind === "write") {
      if (this.#flights.length > 0) return false;
      this.#line.shift();
      this.#pending = undefined;
      this.#writing = next;
      this.#sender.beginGeneration();
      return true;
    }
    const flight = next.isEnded ? undefined : this.#sendChunk(next);
    if (next.isEnded) {
      this.#line.shift();
      return true;
    }
    if (!this.#fly(flight)) return false;
    if (next.isSent) this.#line.shift();
    // While the device works on this, what it has done already is taken in.
    else this.#look();
    return true;
  }

  /** Packs and sends the next paths of the first batch in line; ends it where some of them are no paths. */
  #sendChunk(batch: LookupBatch): Flight | undefined {
    try {
      batch.packNext();
    } catch (error) {
      // What is no path can be packed by nobody; all others go on.
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
