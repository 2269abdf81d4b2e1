/**
 * A process that opens all there is on a device, and closes it in every order that it is told, with work in flight. It prints a line before each
 * order, so that the last line tells what a process that died was doing, and what came of each step.
 */
import { EverwarpError } from "../../src/base/errors.ts";
import { Namespace } from "../../src/paths/namespace/namespace.ts";
import { ProgramCache } from "../../src/programs/index.ts";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import { Corpus } from "../../src/search/corpus/corpus.ts";
import { SearchEngine } from "../../src/search/engine/search-engine.ts";
import { Device } from "../../src/vulkan/device/device.ts";
import { hasValidationLayer, onValidationMessage } from "../../src/vulkan/instance/instance.ts";
import { ledger } from "./ledger.ts";

/** What is opened, and closed in any order. */
export const CLOSABLES = ["device", "kernel", "cache", "program", "queue", "engine", "namespace"] as const;
export type Closable = (typeof CLOSABLES)[number];

/** `awaited`: each close is waited for. `at once`: all in one stretch of code. `in callbacks`: each in the answer to a call, or in a recording. */
export const WAYS = ["awaited", "at once", "in callbacks"] as const;
export type Way = (typeof WAYS)[number];

export interface ClosingOrder {
  readonly order: readonly Closable[];
  readonly way: Way;
  readonly strategy: "batch" | "persistent" | "leased";
}

/** What a process prints of an order. */
export interface ClosingReport extends ClosingOrder {
  /** Of each close, of each call in flight, and of each use afterwards: "ok", or an error's code. */
  readonly closes: readonly string[];
  readonly inFlight: readonly string[];
  readonly uses: readonly string[];
  /** Whether everything could be closed in the end. */
  readonly isClosed: boolean;
  readonly validation: readonly string[];
}

const codeOf = (error: unknown): string =>
  error instanceof EverwarpError ? error.code : `raw: ${String(error)}`;
const outcome = async (work: () => unknown): Promise<string> => {
  try {
    await work();
    return "ok";
  } catch (error) {
    return codeOf(error);
  }
};

const said: string[] = [];

async function close(what: ClosingOrder, open: () => Device): Promise<ClosingReport> {
  const { order, way, strategy } = what;
  const names = new Set<Closable>(order);
  const device = open();
  const cache = await ProgramCache.open({ device, directory: false });
  const program = await cache.acquire({
    source: "#version 460\nlayout(local_size_x = 1) in;\nvoid main() {}\n",
    name: "nothing",
  });
  // Last: where it holds the only queue, a software driver makes no pipeline until it ends.
  const kernel = await ResidentKernel.open({ device, ...ledger, strategy, maxInFlight: 8, leaseMs: 5 });
  const queue = device.leaseComputeQueue();
  const commandBuffer = device.record((recorder) => recorder.bind(program.pipeline).dispatch(1));
  const select = device.info.index;
  const engine = names.has("engine")
    ? await SearchEngine.open({
        device: select,
        corpus: await Corpus.list(["src/vulkan/generated"]),
      })
    : undefined;
  const namespace = names.has("namespace") ? await Namespace.open({ device: select }) : undefined;
  await namespace?.addDirectory("/a");

  const closers: Record<Closable, () => unknown> = {
    device: () => device[Symbol.dispose](),
    kernel: () => kernel.close(),
    cache: () => cache.close(),
    program: () => program.release(),
    queue: () => queue?.release(),
    engine: () => engine?.close(),
    namespace: () => namespace?.close(),
  };
  // A kernel that stays on the only queue keeps everything else waiting.
  const isQueueFree = strategy !== "persistent" || queue !== undefined;
  const works: Record<string, () => unknown> = {
    call: () => kernel.call({ cell: 1, amount: 1 }),
    checkpoint: () => kernel.checkpoint(),
    ...(isQueueFree && {
      acquire: async () =>
        (await cache.acquire({ source: "#version 460\nvoid main() {}\n", name: "other" })).release(),
      submit: () => device.queue.submit(commandBuffer),
      run: () => device.run((recorder) => recorder.bind(program.pipeline).dispatch(1)),
      runAsync: () => device.runAsync((recorder) => recorder.bind(program.pipeline).dispatch(1)),
    }),
    search: () => engine?.search({ pattern: "const" }),
    lookup: () => namespace?.lookupBatch(["/a"]),
    free: () => device.freeBytes("device"),
    key: () => device.pipelineDataKey,
    held: () => cache.acquireHeld(program.id)?.release(),
  };

  const inFlight = [...Array.from({ length: 20 }, () => works["call"]), ...Object.values(works)].map((work) =>
    outcome(work as () => unknown),
  );
  const closes: Promise<string>[] = [];
  const closeOne = (name: Closable): Promise<string> => {
    const closed = outcome(closers[name]);
    closes.push(closed);
    return closed;
  };
  for (const name of [...order, ...order]) {
    if (way === "awaited") await closeOne(name);
    else if (way === "at once") void closeOne(name);
    else {
      // In the answer to a call where one comes, and inside a recording where one can be begun.
      await outcome(() => kernel.call({ cell: 2, amount: 1 }).finally(() => closeOne(name)));
      await outcome(() =>
        device.record((recorder) => {
          void closeOne(name);
          recorder.bind(program.pipeline).dispatch(1);
        }),
      );
    }
  }
  const report = {
    ...what,
    closes: await Promise.all(closes),
    inFlight: await Promise.all(inFlight),
    uses: await Promise.all(Object.values(works).map(outcome)),
  };
  // In the right order everything goes, whatever was tried before.
  for (const name of ["engine", "namespace", "kernel", "program", "cache", "queue", "device"] as const)
    await outcome(closers[name]);
  return { ...report, isClosed: device.isClosed, validation: said.splice(0) };
}

/**
 * @param text a JSON list of orders
 * @param select the device's place in the list
 */
export async function runOrders(text: string, select: number): Promise<void> {
  const open = (): Device => Device.open({ select, validation: hasValidationLayer() });
  onValidationMessage(({ id }) => said.push(id));
  // Keeps the instance: making it anew each time would take longer than everything else.
  const keeper = hasValidationLayer() ? open() : undefined;
  for (const order of JSON.parse(text) as ClosingOrder[]) {
    process.stdout.write(`${JSON.stringify(order)}\n`);
    process.stdout.write(`${JSON.stringify(await close(order, open))}\n`);
  }
  keeper?.close();
}
