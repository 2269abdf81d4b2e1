/** The worker threads of a one-shot search: their start, their messages, and their death. */
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { EverwarpError } from "../../../base/index.ts";
import { spareAddressBytes, startWorkerThread, WASM_ADDRESS_BYTES } from "../../../threads/index.ts";
import type { ParallelMessage, ParallelThreadData } from "./protocol.ts";

/** With more workers than this, some of them only wait for the walk. */
const WORKERS_MAX = 7;
/** Address space of a worker: one memory for scanning, one for the regex engine. */
const THREAD_ADDRESS_BYTES = 2 * WASM_ADDRESS_BYTES;

/** True if the system has address space for one more worker. */
export function hasRoomForThread(): boolean {
  return spareAddressBytes() >= THREAD_ADDRESS_BYTES;
}

/** The worker threads of one search. */
export class SearchThreads {
  readonly #threads: { readonly worker: Worker; readonly port: MessagePort }[] = [];
  #died: EverwarpError | undefined;

  /** Starts up to `wanted` threads. There are fewer, or none, where the system refuses to start more. */
  static async start(wanted: number, data: Omit<ParallelThreadData, "port">): Promise<SearchThreads> {
    const threads = new SearchThreads();
    const count = Math.min(wanted, WORKERS_MAX);
    try {
      while (threads.count < count && (await threads.#startOne(data)));
    } catch (error) {
      threads.dispose();
      throw error;
    }
    return threads;
  }

  get count(): number {
    return this.#threads.length;
  }

  /** Takes the messages that the threads have posted so far. */
  *received(): Generator<ParallelMessage> {
    for (const { port } of this.#threads)
      for (let received; (received = receiveMessageOnPort(port)) !== undefined;)
        yield received.message as ParallelMessage;
  }

  /** Lets the event loop see the death of a thread. @throws EW_WORKER_DIED */
  async assertAlive(): Promise<void> {
    await new Promise(setImmediate);
    if (this.#died) throw this.#died;
  }

  /** Ends all threads. */
  dispose(): void {
    for (const { worker, port } of this.#threads) {
      port.close();
      void worker.terminate();
    }
  }

  /** @returns false if the system does not start another thread */
  async #startOne(data: Omit<ParallelThreadData, "port">): Promise<boolean> {
    const { port1, port2 } = new MessageChannel();
    let worker: Worker;
    try {
      const given: ParallelThreadData = { ...data, port: port2 };
      worker = await startWorkerThread("parallel-worker", given, [port2], THREAD_ADDRESS_BYTES);
    } catch (error) {
      port1.close();
      if (error instanceof EverwarpError && error.code === "EW_NO_THREAD") return false;
      throw error;
    }
    worker.on("error", (error: Error) => this.#noteDeath(error.message, error));
    worker.on("exit", (code) => {
      if (code !== 0) this.#noteDeath(`exit code ${code}`);
    });
    this.#threads.push({ worker, port: port1 });
    return true;
  }

  #noteDeath(detail: string, cause?: unknown): void {
    this.#died ??= new EverwarpError("EW_WORKER_DIED", `a search thread ended: ${detail}`, {
      remedy: "Search again with --threads 1. If it happens every time, please report it.",
      cause,
    });
  }
}
