/**
 * One search on the threads that verify: its tasks go out, and their answers come in any order.
 *
 * Invariants: a task is answered once or the job has failed; after `end` nothing is sent, and what waits is woken.
 */
import { SharedFlag } from "../../threads/index.ts";
import type { JobDescription } from "./protocol.ts";
import type { TaskAnswer, VerifyTask } from "./task.ts";

/** Tasks that a thread has at a time: it must not wait while the main thread is at something else. */
const TASKS_PER_THREAD = 3;

/** What a job needs of the threads. */
export interface JobOwner {
  /** Threads that run. */
  readonly threadCount: number;
  /** Are more threads on their way? */
  readonly isStarting: boolean;
  /** Starts what is to run, if that is possible without the event loop. */
  startNow(): void;
  /** Resolves when there is a thread, or when none will come. */
  ready(): Promise<void>;
  send(job: VerifyJob, index: number, task: VerifyTask): void;
  /** Takes the answers that have come, of all jobs. */
  receive(): void;
  /** Sleeps until a thread has said something since `seen`. */
  sleep(seen: number, timeoutMs: number): void;
  /** What to give to `sleep`: to be read before `receive`. */
  readonly rung: number;
  /** Somebody waits for an answer, so the process has to live. */
  awaken(): void;
  /** The opposite of `awaken`. */
  rest(): void;
  ended(job: VerifyJob): void;
}

/** See the head of this file. Made by `Verifier.begin`. */
export class VerifyJob {
  readonly number: number;
  readonly description: JobDescription;
  /** Shared with the threads: nobody wants the answers any more. */
  readonly stopMemory = new SharedArrayBuffer(4);
  readonly #stop = new SharedFlag(new Int32Array(this.stopMemory), 0);
  readonly #owner: JobOwner;
  readonly #answers = new Map<number, TaskAnswer>();
  #inFlightCount = 0;
  #acceptedCount = 0;
  #failure: unknown;
  #isEnded = false;
  #waiters: (() => void)[] = [];

  constructor(owner: JobOwner, number: number, description: JobDescription) {
    this.#owner = owner;
    this.number = number;
    this.description = description;
  }

  /** Have the threads room for a task? */
  get hasRoom(): boolean {
    return !this.#isEnded && this.#inFlightCount < TASKS_PER_THREAD * this.#owner.threadCount;
  }

  /** Is there no thread so far, but will there be one? Without any, the caller has to do the work. */
  get isStarting(): boolean {
    return this.#owner.threadCount === 0 && this.#owner.isStarting && !this.#isEnded;
  }

  /** Starts threads, if that is possible without the event loop. */
  startNow(): void {
    this.#owner.startNow();
  }

  /** Resolves when there is a thread, or when none will come. */
  ready(): Promise<void> {
    return this.#owner.ready();
  }

  /** Sends a task. To be called only where there is room. @param index of the task, which its answer will have */
  send(index: number, task: VerifyTask): void {
    this.#inFlightCount++;
    this.#owner.send(this, index, task);
  }

  /** Takes what has come so far. @throws EW_WORKER_DIED, EW_CLOSED */
  receive(): void {
    this.#owner.receive();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Has the answer to a task come, and nobody has taken it? */
  has(index: number): boolean {
    return this.#answers.has(index);
  }

  /** Takes the answer to a task, if it has come. */
  take(index: number): TaskAnswer | undefined {
    const answer = this.#answers.get(index);
    this.#answers.delete(index);
    return answer;
  }

  /** Resolves when another answer has come, or none will come. One must be in flight, so ask `has` first. */
  async wait(): Promise<void> {
    if (this.#isEnded) return;
    this.#owner.awaken();
    try {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    } finally {
      this.#owner.rest();
    }
  }

  /** Blocks until another answer has come or the time is over. May return too soon. */
  waitSync(timeoutMs: number): void {
    const { rung } = this.#owner;
    const before = this.#acceptedCount;
    this.receive();
    if (this.#acceptedCount === before) this.#owner.sleep(rung, timeoutMs);
  }

  /** Nobody wants answers any more. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#stop.set();
    this.#answers.clear();
    this.#owner.ended(this);
    this.#wake();
  }

  /** For the threads: a task was answered; without an answer where nobody wanted it. */
  accept(index: number, answer: TaskAnswer | undefined): void {
    this.#inFlightCount--;
    this.#acceptedCount++;
    if (answer !== undefined && !this.#isEnded) this.#answers.set(index, answer);
    this.#wake();
  }

  /** For the threads: no answer will come. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.end();
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
