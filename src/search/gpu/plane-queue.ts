/**
 * Counts of lines on their way to the device and back, one after the other.
 *
 *     add ──▶ waiting ──nothing else runs──▶ launched ──answer sealed──▶ sums, and places of lines in doubt ──▶ done
 *
 * Invariants: at most one launch is in flight; while the queue is paused nothing is launched.
 */
import { EverwarpError } from "../../base/index.ts";
import { CompletionDriver, type DrivenRequests } from "../../engine/index.ts";
import type { TurnTaker } from "./kernel-turns.ts";
import type { PlaneAnswer, PlaneQuery } from "./plane-query.ts";

/** What launches programs. */
export interface PlaneTaker {
  /** Launches a query's program. @throws EW_DEVICE_LOST */
  launch(query: PlaneQuery): void;
  /** The answer of the launch in flight; undefined before it has come. @throws EW_DEVICE_LOST, EW_KERNEL_FAULT */
  poll(): PlaneAnswer | undefined;
  /** Looks whether the launch in flight has ended without an answer. @throws EW_DEVICE_LOST, EW_KERNEL_FAULT */
  assertRunning(): void;
}

/** See the head of this file. */
export class PlaneQueue implements DrivenRequests, TurnTaker {
  readonly #taker: PlaneTaker;
  readonly #waiting: PlaneQuery[] = [];
  #running: PlaneQuery | undefined;
  #pauseCount = 0;
  #waiterCount = 0;
  #isClosed = false;
  answeredCount = 0;
  readonly #driver: CompletionDriver;
  mayGo: () => boolean = () => true;

  /** @param stallMs how long a launch may take */
  constructor(taker: PlaneTaker, stallMs: number) {
    this.#taker = taker;
    const kernel = { poll: () => this.#poll(), assertRunning: () => this.#assertRunning() };
    this.#driver = new CompletionDriver(kernel, this, { noun: "kernel of bit planes", stallMs });
  }

  get isAtRest(): boolean {
    return this.#running === undefined;
  }

  /** While the queue is paused, what waits is no reason to look. */
  get isIdle(): boolean {
    return this.#running === undefined && (this.#waiting.length === 0 || this.#pauseCount > 0);
  }

  get nextNumber(): number | undefined {
    return this.#pauseCount > 0 ? undefined : this.#waiting[0]?.number;
  }

  add(query: PlaneQuery): void {
    if (query.isEnded) return;
    query.isQueued = true;
    this.#waiting.push(query);
    this.send();
    this.#driveForWaiters();
  }

  /** Launches nothing more until `resume`. */
  pause(): void {
    this.#pauseCount++;
  }

  /** Ends one pause. */
  resume(): void {
    this.#pauseCount--;
    this.send();
    this.#driveForWaiters();
  }

  send(): void {
    const [query] = this.#waiting;
    if (query === undefined || this.#running !== undefined || this.#pauseCount > 0 || this.#isClosed) return;
    if (!this.mayGo()) return;
    this.#waiting.shift();
    try {
      this.#taker.launch(query);
      this.#running = query;
    } catch (error) {
      query.end(error);
    }
  }

  /** What is answered is taken at once. */
  collect(): void {}

  settle(): void {
    this.#poll();
  }

  advance(): void {
    this.#poll();
    this.send();
  }

  /** Resolves when the query has ended. */
  async wait(query: PlaneQuery): Promise<void> {
    if (query.isQueued) this.#driver.spin(query);
    if (query.isEnded) return;
    this.#waiterCount++;
    try {
      this.#driveForWaiters();
      await query.ended();
    } finally {
      this.#waiterCount--;
    }
  }

  /** Blocks until the query has ended. @returns false when the time was over first */
  waitSync(query: PlaneQuery, timeoutMs: number): boolean {
    if (query.isEnded) return true;
    // What is not queued, or paused, needs the event loop to go on.
    return query.isQueued && this.#pauseCount === 0 && this.#driver.waitSync(query, timeoutMs);
  }

  cancel(query: PlaneQuery): void {
    const index = this.#waiting.indexOf(query);
    if (index >= 0) this.#waiting.splice(index, 1);
    query.end(new EverwarpError("EW_ABORTED", "the count was called off", { remedy: "Ask again." }));
  }

  end(error: unknown): void {
    for (const query of this.#waiting.splice(0)) query.end(error);
    this.#running?.end(error);
  }

  /** Ends every query; from then on nothing is looked at. */
  close(error: unknown): void {
    this.#isClosed = true;
    this.end(error);
    this.#running = undefined;
  }

  #driveForWaiters(): void {
    if (this.#waiterCount > 0 && !this.isIdle) this.#driver.drive();
  }

  #assertRunning(): void {
    try {
      if (!this.#isClosed) this.#taker.assertRunning();
    } catch (error) {
      this.#running?.end(error);
      this.#running = undefined;
    }
  }

  #poll(): number {
    const query = this.#running;
    if (query === undefined || this.#isClosed) return 0;
    try {
      const answer = this.#taker.poll();
      if (answer === undefined) return 0;
      query.endWith(answer);
    } catch (error) {
      query.end(error);
    }
    this.#running = undefined;
    this.answeredCount++;
    return 1;
  }
}
