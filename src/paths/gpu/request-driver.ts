/**
 * Drives the line: who asks waits on the spot, for a short time; everything else goes on in turns of the event loop, until nothing is in line or
 * in flight.
 *
 *     lookup ──▶ sent at once ──▶ a microtask later: spin ──answered──▶ the caller goes on, in the same turn of the event loop
 *                                                      └─ not soon ──▶ drive
 *
 * Invariants: spinning begins behind what the caller still does in its stretch of code, so many calls in one stretch are all sent before the first is waited for;
 * the event loop never stands still for long, however many are answered on the spot.
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { EverwarpError } from "../../base/index.ts";
import type { LookupOptions, SingleLookup, PathLike } from "../lookup/index.ts";
import { ROOT_INODE } from "../table/index.ts";
import { EventLoopTurns, type Deferred } from "../../engine/index.ts";
import { type LookupBatch, operationOf, type SinglePath } from "./lookup-batch.ts";
import type { RequestQueue } from "./request-queue.ts";
import type { LookupKernel } from "./request-sender.ts";

/** How long an answer is waited for on the spot: sooner than the event loop could come back. */
const SPIN_MS = 0.1;
const SPIN_PATHS_MAX = 8192;
const SPINS_PER_CLOCK = 64;
/** Of so many single lookups one asks whether the event loop has turned; a spin of each leaves it time enough. */
const SINGLES_PER_TURN_CHECK = 16;
const ASSERT_INTERVAL_MS = 20;
const EAGER_MS = 20;
/** A kernel that answers nothing for so long, with requests before it, never will. */
const STALL_MS = 30_000;

/** Who awaits it goes on behind what the caller still does in its stretch of code. */
const STRETCH_END = Promise.resolve();

export class RequestDriver {
  readonly #kernel: LookupKernel;
  readonly #line: RequestQueue;
  readonly #stallMs: number;
  readonly #turns = new EventLoopTurns();
  #singles = 0;
  #isDriven = false;

  constructor(kernel: LookupKernel, line: RequestQueue, stallMs = STALL_MS) {
    this.#kernel = kernel;
    this.#line = line;
    this.#stallMs = stallMs;
  }

  /** @returns inodes and −errno @throws EW_DEVICE_LOST, EW_CLOSED, EW_TIMEOUT; TypeError for what is no path */
  async lookup(batch: LookupBatch): Promise<Int32Array> {
    if (this.#line.failure !== undefined) throw this.#line.failure;
    if (batch.count > 0) this.#line.lookup(batch);
    else batch.end();
    if (!batch.isEnded) {
      if (batch.left > SPIN_PATHS_MAX) this.#drive();
      else {
        await STRETCH_END;
        const overdue = this.#turns.overdue();
        if (overdue !== undefined) await overdue;
        this.#spin(batch);
      }
      if (!batch.isEnded) await batch.ended();
    }
    batch.assertGood();
    return batch.results;
  }

  /** See PathsBackend. */
  lookupSingle(
    path: PathLike,
    { directory = ROOT_INODE, followSymlinks = true }: LookupOptions,
  ): SingleLookup | undefined {
    const single = this.#line.lookupSingle(path, directory, operationOf(followSymlinks));
    return single === undefined ? undefined : new SingleAnswer(this, single);
  }

  /** See SingleLookup. */
  waitSingle(single: SinglePath): number | undefined {
    if (!single.isEnded) {
      const isCheck = this.#singles++ % SINGLES_PER_TURN_CHECK === 0;
      const overdue = isCheck ? this.#turns.overdue() : undefined;
      if (overdue === undefined) this.#spin(single);
      else void overdue.then(() => this.#drive());
      if (!single.isEnded) return undefined;
    }
    single.assertGood();
    return single.inode;
  }

  /** Changes words of the table: pairs of begin and end. */
  write(runs: Uint32Array): Promise<void> {
    if (this.#line.failure !== undefined) return Promise.reject(this.#line.failure);
    if (runs.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#line.write(runs, resolve, reject);
      this.#drive();
    });
  }

  /** Whoever waits is told why nothing more is answered. */
  end(error: EverwarpError): void {
    this.#line.end(error);
  }

  /** Waits on the spot, for a short time, until something is answered. */
  #spin(awaited: Deferred): void {
    let begin = 0;
    while (!awaited.isEnded) {
      for (let spin = 0; spin < SPINS_PER_CLOCK; spin++) if (this.#kernel.poll() > 0) break;
      this.#line.collect();
      if (awaited.isEnded) return;
      this.#line.pump();
      const now = performance.now();
      if (begin === 0) begin = now;
      else if (now - begin >= SPIN_MS) {
        this.#drive();
        return;
      }
    }
  }

  /** Goes on until nothing is in line or in flight. */
  #drive(): void {
    if (this.#isDriven) return;
    this.#isDriven = true;
    void this.#driveOn();
  }

  async #driveOn(): Promise<void> {
    let asserted = performance.now();
    let worked = asserted;
    let answered = this.#line.answeredCount;
    for (;;) {
      const now = performance.now();
      this.#line.look();
      this.#line.pump();
      // Others look, too: who waits on the spot.
      if (this.#line.answeredCount !== answered) worked = now;
      answered = this.#line.answeredCount;
      if (now - asserted > ASSERT_INTERVAL_MS) {
        asserted = now;
        this.#kernel.assertRunning();
        this.#line.collect();
        if (now - worked > this.#stallMs) this.#line.end(stalledError(this.#stallMs));
      }
      if (this.#line.isIdle) {
        // Before anyone who was answered goes on, and asks for more.
        this.#isDriven = false;
        return;
      }
      await (now - worked < EAGER_MS ? turn() : sleep(1));
    }
  }
}

function stalledError(stallMs: number): EverwarpError {
  return new EverwarpError(
    "EW_TIMEOUT",
    `the lookup kernel answered nothing for ${stallMs / 1000} s, with requests before it`,
    {
      remedy:
        "Please report this, with the output of `everwarp doctor`; another program may also hold the device.",
    },
  );
}

class SingleAnswer implements SingleLookup {
  readonly #driver: RequestDriver;
  readonly #single: SinglePath;

  constructor(driver: RequestDriver, single: SinglePath) {
    this.#driver = driver;
    this.#single = single;
  }

  wait(): number | undefined {
    return this.#driver.waitSingle(this.#single);
  }

  async answer(): Promise<number> {
    const single = this.#single;
    await single.ended();
    single.assertGood();
    return single.inode;
  }
}
