/**
 * The threads that search what a backend leaves open. They are started when they are first needed, and stay.
 *
 *   begin ──▶ VerifyJob ──tasks──▶ the thread with the least to do ──answers──▶ VerifyJob
 *
 * Invariants: idle threads keep no process alive; a thread that dies ends all jobs with EW_WORKER_DIED and all threads
 * with it, and the next job starts new ones; after `close` there is no thread.
 */
import { setImmediate as turn } from "node:timers/promises";
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { EverwarpError } from "../../base/index.ts";
import {
  SharedWord,
  startWorkerThread,
  startWorkerThreadNow,
  WASM_ADDRESS_BYTES,
} from "../../threads/index.ts";
import type { JobDescription, VerifyOrder, VerifyReport, VerifyThreadData } from "./protocol.ts";
import type { VerifyTask } from "./task.ts";
import { type JobOwner, VerifyJob } from "./verify-job.ts";

/** One memory for scanning, one for the regex engine. */
const THREAD_ADDRESS_BYTES = 2 * WASM_ADDRESS_BYTES;
/** A thread that was killed from outside wakes nobody, so sleeps are short. */
const SLEEP_MS_MAX = 100;

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** Jobs that it was told of. */
  readonly jobs: Set<number>;
  taskCount: number;
}

/** See the head of this file. */
export class Verifier implements JobOwner {
  readonly #maxThreads: number;
  readonly #bellMemory = new SharedArrayBuffer(4);
  readonly #bell = new SharedWord(new Int32Array(this.#bellMemory), 0);
  #threads: Thread[] = [];
  readonly #jobs = new Map<number, VerifyJob>();
  #jobCount = 0;
  #starting: Promise<void> | undefined;
  #ready: Promise<void> = Promise.resolve();
  #waiterCount = 0;
  #closing: Promise<void> | undefined;

  /** @param maxThreads so many threads at most */
  constructor(maxThreads: number) {
    this.#maxThreads = maxThreads;
  }

  get threadCount(): number {
    return this.#threads.length;
  }

  get isStarting(): boolean {
    return this.#starting !== undefined;
  }

  get rung(): number {
    return this.#bell.value;
  }

  /**
   * Begins a search. Threads are started if there are none.
   * @param isBlocking the caller does not return to the event loop, so threads are started without it where they can be
   * @throws EW_CLOSED
   */
  begin(description: JobDescription, isBlocking: boolean): VerifyJob {
    if (this.#closing !== undefined) throw closedError();
    const job = new VerifyJob(this, ++this.#jobCount, description);
    this.#jobs.set(job.number, job);
    if (isBlocking) this.startNow();
    this.#starting ??= this.#threads.length < this.#maxThreads ? this.#start() : undefined;
    return job;
  }

  startNow(): void {
    try {
      while (this.#closing === undefined && this.#threads.length < this.#maxThreads) {
        const { port1, port2 } = new MessageChannel();
        const worker = startWorkerThreadNow("verify-worker", this.#dataFor(port2), [port2]);
        if (worker === undefined) return port1.close();
        this.#add(worker, port1);
      }
    } catch (error) {
      if (!isNoThread(error)) throw error;
    }
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  send(job: VerifyJob, index: number, task: VerifyTask): void {
    const thread = this.#threads.reduce((least, each) => (each.taskCount < least.taskCount ? each : least));
    const order = (it: VerifyOrder): void => thread.port.postMessage(it);
    const { number, description, stopMemory } = job;
    if (!thread.jobs.has(number)) {
      thread.jobs.add(number);
      order({ kind: "job", job: number, description, stop: stopMemory });
    }
    thread.taskCount++;
    order({ kind: "task", job: number, index, task });
  }

  receive(): void {
    for (const thread of this.#threads) {
      for (let received; (received = receiveMessageOnPort(thread.port)) !== undefined;)
        this.#take(thread, received.message as VerifyReport);
    }
  }

  sleep(seen: number, timeoutMs: number): void {
    this.#bell.sleepWhile(seen, Math.min(timeoutMs, SLEEP_MS_MAX));
  }

  awaken(): void {
    if (this.#waiterCount++ === 0) for (const { port } of this.#threads) port.ref();
  }

  rest(): void {
    if (--this.#waiterCount === 0) for (const { port } of this.#threads) port.unref();
  }

  ended(job: VerifyJob): void {
    this.#jobs.delete(job.number);
    for (const { jobs, port } of this.#threads) {
      if (jobs.delete(job.number)) port.postMessage({ kind: "end", job: job.number } satisfies VerifyOrder);
    }
  }

  /** Ends the threads if they have nothing to do. The next job starts new ones. */
  trim(): void {
    if (this.#jobs.size === 0 && this.#starting === undefined) void this.#dismiss();
  }

  /** Ends all jobs with EW_CLOSED, and the threads. A second call waits for the first. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#failJobs(closedError());
    const ends = this.#dismiss();
    await this.#starting?.catch(() => undefined); // its jobs were told
    await ends;
  }

  #dataFor(port: MessagePort): VerifyThreadData {
    return { port, bell: this.#bellMemory };
  }

  /** Starts threads one by one: each takes the main thread a millisecond or more. */
  async #start(): Promise<void> {
    let isReady!: () => void;
    this.#ready = new Promise((resolve) => (isReady = resolve));
    try {
      while (this.#closing === undefined && this.#threads.length < this.#maxThreads) {
        const { port1, port2 } = new MessageChannel();
        const data = this.#dataFor(port2);
        const worker = await startWorkerThread("verify-worker", data, [port2], THREAD_ADDRESS_BYTES);
        if (this.#closing !== undefined || this.#threads.length >= this.#maxThreads) {
          port1.close();
          await worker.terminate();
          break;
        }
        this.#add(worker, port1);
        isReady();
        await turn();
      }
    } catch (error) {
      // With the threads that there are, or on the main thread.
      if (!isNoThread(error)) this.#failJobs(error);
    } finally {
      this.#starting = undefined;
      isReady();
    }
  }

  #add(worker: Worker, port: MessagePort): void {
    const thread: Thread = { worker, port, jobs: new Set(), taskCount: 0 };
    this.#threads.push(thread);
    port.on("message", (report: VerifyReport) => this.#take(thread, report));
    worker.on("error", (error: Error) => this.#died(thread, error.message, error));
    worker.on("exit", (code) => this.#died(thread, `exit code ${code}`));
    worker.unref();
    if (this.#waiterCount === 0) port.unref();
  }

  #take(thread: Thread, report: VerifyReport): void {
    if (report.kind === "failed") return this.#died(thread, report.detail);
    thread.taskCount--;
    this.#jobs.get(report.job)?.accept(report.index, report.answer);
  }

  #died(thread: Thread, detail: string, cause?: unknown): void {
    if (!this.#threads.includes(thread)) return; // it was dismissed
    const error = new EverwarpError("EW_WORKER_DIED", `a thread that verifies ended: ${detail}`, {
      remedy: "Submit the search again; if it happens every time, please report it.",
      cause,
    });
    this.#failJobs(error);
    void this.#dismiss();
  }

  #failJobs(error: unknown): void {
    for (const job of this.#jobs.values()) job.fail(error); // which leaves the map
  }

  async #dismiss(): Promise<void> {
    await Promise.all(
      this.#threads.splice(0).map(async ({ worker, port }) => {
        worker.ref();
        await worker.terminate();
        port.close();
      }),
    );
  }
}

const isNoThread = (error: unknown): boolean =>
  error instanceof EverwarpError && error.code === "EW_NO_THREAD";

function closedError(): EverwarpError {
  return new EverwarpError("EW_CLOSED", "the engine was closed", { remedy: "Open a new one." });
}
