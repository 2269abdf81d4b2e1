/**
 * Turns lookups and writes into promises. The queue keeps the order. The completion driver of src/engine waits.
 *
 *     lookup ──▶ sent at once ──▶ a microtask later: spin ──answered──▶ the caller continues in the same turn
 *                                                      └─ not soon ──▶ the driver polls in turns of the event loop
 *
 * Invariant: spinning begins after the caller's synchronous code. So many consecutive calls are all sent before the
 * first of them is waited for.
 */
import type { EverwarpError } from "../../base/index.ts";
import { CALLER_DONE, CompletionDriver } from "../../engine/index.ts";
import type { LookupOptions, PathLike, SingleLookup } from "../lookup/index.ts";
import { ROOT_INODE } from "../table/index.ts";
import { type LookupBatch, operationOf, type SinglePath } from "./lookup-batch.ts";
import type { RequestQueue } from "./request-queue.ts";
import type { LookupKernel } from "./request-sender.ts";

/** Larger batches do not spin, because they take longer than a spin. */
const SPIN_PATHS_MAX = 8192;
/** One single lookup of this number checks whether the event loop is overdue. */
const SINGLES_PER_TURN_CHECK = 16;

/** Lookups and writes on a device, as promises. */
export class RequestDriver {
  readonly #queue: RequestQueue;
  readonly #driver: CompletionDriver;
  #singles = 0;

  /** @param stallMs time without answers after which the kernel is given up; 60 s if not given */
  constructor(kernel: LookupKernel, queue: RequestQueue, stallMs?: number) {
    this.#queue = queue;
    this.#driver = new CompletionDriver(kernel, queue, { noun: "lookup kernel", stallMs });
  }

  /** @returns inodes and −errno @throws EW_DEVICE_LOST, EW_CLOSED, EW_TIMEOUT; TypeError for a value that is no path */
  async lookup(batch: LookupBatch): Promise<Int32Array> {
    if (this.#queue.failure !== undefined) throw this.#queue.failure;
    if (batch.count > 0) this.#queue.lookup(batch);
    else batch.end();
    if (!batch.isEnded) {
      if (batch.left > SPIN_PATHS_MAX) this.#driver.drive();
      else {
        await CALLER_DONE;
        const overdue = this.#driver.turns.overdue();
        if (overdue !== undefined) await overdue;
        this.#driver.spin(batch);
      }
      if (!batch.isEnded) await batch.ended();
    }
    batch.assertGood();
    return batch.results;
  }

  /** See `Backend.lookupSingle`. */
  lookupSingle(
    path: PathLike,
    { directory = ROOT_INODE, followSymlinks = true }: LookupOptions,
  ): SingleLookup | undefined {
    const single = this.#queue.lookupSingle(path, directory, operationOf(followSymlinks));
    return single === undefined ? undefined : new SingleAnswer(this, single);
  }

  /** See `SingleLookup.wait`. */
  waitSingle(single: SinglePath): number | undefined {
    if (!single.isEnded) {
      const isCheck = this.#singles++ % SINGLES_PER_TURN_CHECK === 0;
      const overdue = isCheck ? this.#driver.turns.overdue() : undefined;
      if (overdue === undefined) this.#driver.spin(single);
      else void overdue.then(() => this.#driver.drive());
      if (!single.isEnded) return undefined;
    }
    single.assertGood();
    return single.inode;
  }

  /** Changes words of the table, given as pairs of begin and end. Resolves when every later lookup sees the change. */
  write(runs: Uint32Array): Promise<void> {
    if (this.#queue.failure !== undefined) return Promise.reject(this.#queue.failure);
    if (runs.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#queue.write(runs, resolve, reject);
      this.#driver.drive();
    });
  }

  /** Fails all waiting callers with the reason why nothing is answered any more. */
  end(error: EverwarpError): void {
    this.#queue.end(error);
  }
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
