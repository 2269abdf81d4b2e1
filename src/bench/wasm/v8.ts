/**
 * The peer: Node's own WebAssembly, with nothing added, in as many threads as there are cores. A thread makes each of
 * its instances once, as a fleet does, and calls them one after the other.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { ProgramCall } from "./programs.ts";

/** Runs in each thread. `args` are columns. */
const THREAD = `
const { parentPort, workerData } = require("node:worker_threads");
const { module, count } = workerData;
let nowMs = 0;
const imports = { env: { clock_ms: () => (nowMs = (nowMs + 100000) | 0) } };
const instances = [];
for (let index = 0; index < count; index++) instances.push(new WebAssembly.Instance(module, imports));
parentPort.on("message", ({ name, args }) => {
  const results = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const row = args.map((column) => column[index]);
    results[index] = instances[index].exports[name](...row);
  }
  parentPort.postMessage(results, [results.buffer]);
});
parentPort.postMessage("ready");
`;

interface Part {
  readonly worker: Worker;
  readonly begin: number;
  readonly end: number;
}

/** Instances in threads. */
export class V8Fleet implements AsyncDisposable {
  readonly #parts: readonly Part[];

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  get threads(): number {
    return this.#parts.length;
  }

  /** @throws what WebAssembly throws in a thread */
  static async open(binary: Uint8Array, instances: number): Promise<V8Fleet> {
    const threads = Math.min(instances, availableParallelism());
    const module = await compile(binary);
    const parts = Array.from({ length: threads }, (_, index): Part => {
      const begin = Math.floor((instances * index) / threads);
      const end = Math.floor((instances * (index + 1)) / threads);
      const worker = new Worker(THREAD, { eval: true, workerData: { module, count: end - begin } });
      return { worker, begin, end };
    });
    const fleet = new V8Fleet(parts);
    try {
      await Promise.all(parts.map(({ worker }) => answerOf(worker)));
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
    return fleet;
  }

  /** A number for each instance. */
  async call({ name, args }: ProgramCall): Promise<Float64Array> {
    const results = new Float64Array(this.#parts.at(-1)?.end ?? 0);
    await Promise.all(
      this.#parts.map(async ({ worker, begin, end }) => {
        const answer = answerOf(worker);
        worker.postMessage({
          name,
          args: args.map((column) => column.slice(begin, end)),
        });
        results.set((await answer) as Float64Array, begin);
      }),
    );
    return results;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#parts.map(({ worker }) => worker.terminate()));
  }
}

function compile(binary: Uint8Array): Promise<object> {
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { compile: (bytes: Uint8Array) => Promise<object> };
  };
  return WebAssembly.compile(binary);
}

function answerOf(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      worker.off("error", reject);
      resolve(message);
    };
    worker.once("message", onMessage);
    worker.once("error", reject);
  });
}
