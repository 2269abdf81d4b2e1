/** The main thread's side of a thread with instances. */
import { MessageChannel, type Worker } from "node:worker_threads";
import { EverwarpError } from "../../base/index.ts";
import { startWorkerThread } from "../../threads/index.ts";
import type { ImportedFunction } from "../imported-functions.ts";
import type { ImportAnswer, ThreadData, ThreadMessage, ThreadRequest } from "./protocol.ts";

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A thread with instances `first` up to `first + count`. */
export class InstancesThread {
  readonly first: number;
  readonly count: number;
  readonly #worker: Worker;
  readonly #imports: readonly ImportedFunction[];
  readonly #answers: MessageChannel;
  readonly #answered: Int32Array;
  readonly #waiting: Waiting[] = [];
  #failure: EverwarpError | undefined;

  private constructor(
    range: { first: number; count: number },
    worker: Worker,
    imports: readonly ImportedFunction[],
    answers: MessageChannel,
    answered: Int32Array,
  ) {
    this.first = range.first;
    this.count = range.count;
    this.#worker = worker;
    this.#imports = imports;
    this.#answers = answers;
    this.#answered = answered;
    worker.unref();
    worker.on("message", (message: ThreadMessage) => this.#receive(message));
    worker.on("error", (error) => this.#end("failed", error));
    worker.on("exit", (code) => this.#end(`ended with the code ${code}`, undefined));
  }

  /** @throws EW_NO_THREAD */
  static async start(
    range: { first: number; count: number },
    program: ThreadData["program"],
    imports: readonly ImportedFunction[],
  ): Promise<InstancesThread> {
    const answers = new MessageChannel();
    const answered = new Int32Array(new SharedArrayBuffer(4));
    const data: ThreadData = {
      program,
      instances: range.count,
      imports: imports.map(({ module, name }) => ({ module, name })),
      answers: answers.port2,
      answered,
    };
    const worker = await startWorkerThread("instances-worker", data, [answers.port2]);
    return new InstancesThread(range, worker, imports, answers, answered);
  }

  /** Asks for something. @throws EW_WORKER_DIED */
  ask<T>(request: ThreadRequest): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(request);
    }) as Promise<T>;
  }

  #receive(message: ThreadMessage): void {
    if (message.kind === "import") return this.#answerImport(message.import, message.args);
    const waiting = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#worker.unref();
    if (message.kind === "done") waiting?.resolve(message.value);
    else waiting?.reject(message.error);
  }

  #answerImport(index: number, args: readonly (number | bigint)[]): void {
    this.#answers.port1.postMessage(answerOf(this.#imports[index]!, args));
    Atomics.add(this.#answered, 0, 1);
    Atomics.notify(this.#answered, 0);
  }

  #end(how: string, cause: unknown): void {
    this.#failure ??= new EverwarpError("EW_WORKER_DIED", `a thread with WebAssembly instances ${how}`, {
      cause,
    });
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    this.#answers.port1.close();
  }

  async close(): Promise<void> {
    this.#failure ??= new EverwarpError("EW_CLOSED", "the fleet was closed");
    await this.#worker.terminate();
  }
}

function answerOf({ run, module, name }: ImportedFunction, args: readonly (number | bigint)[]): ImportAnswer {
  try {
    const value: unknown = run(...args);
    if (value === undefined || typeof value === "number" || typeof value === "bigint") return { value };
    return { thrown: `${module}.${name} gave a value of the type ${typeof value}, and must give a number` };
  } catch (error) {
    return { thrown: error instanceof Error ? error.message : String(error) };
  }
}
