/**
 * Starts worker threads, from a built package or from source.
 *
 * A built package contains each entry as a bundle, dist/workers/NAME.cjs. From source (tests, tsx), esbuild bundles the
 * entry into node_modules/.cache/everwarp, once per process and content. esbuild is a development dependency.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type MessagePort, Worker } from "node:worker_threads";
import type { WORKER_SOURCES } from "./bundle-options.ts";
import { spareAddressBytes } from "./address-space.ts";
import { assert, currentDirectory, EverwarpError, moduleFile, packageRoot } from "../base/index.ts";

/** The name of a worker of this package. */
export type WorkerName = keyof typeof WORKER_SOURCES;

const entries = new Map<WorkerName, Promise<string>>();
/** Those of the above that are there. */
const bundled = new Map<WorkerName, string>();

/** The file that a worker runs. */
function workerEntry(name: WorkerName): Promise<string> {
  if (!isFromSource()) return Promise.resolve(builtEntry(name));
  const known = entries.get(name);
  if (known) return known;
  const made = bundleFromSource(name);
  entries.set(name, made);
  return made;
}

const isFromSource = (): boolean => moduleFile()?.endsWith(".ts") === true;

/** @throws EW_PACKAGE_INCOMPLETE if the built files are missing, for example in a copy of a clone without a build */
function builtEntry(name: WorkerName): string {
  const file = join(packageRoot(), "dist", "workers", `${name}.cjs`);
  if (existsSync(file)) return file;
  throw new EverwarpError("EW_PACKAGE_INCOMPLETE", `the file of a worker thread, ${file}, is missing`, {
    remedy: "Install everwarp with npm; in a clone, run `npm run build`.",
  });
}

async function bundleFromSource(name: WorkerName): Promise<string> {
  const { BUNDLE_OPTIONS, WORKER_SOURCES } = await import("./bundle-options.ts");
  const bundler = "esbuild"; // a variable, so that our bundles do not include esbuild
  const { build } = (await import(bundler)) as typeof import("esbuild");
  const { createHash } = await import("node:crypto");
  const { writeBytesAtomically } = await import("../storage/atomic-write.ts");
  const { outputFiles } = await build({
    ...BUNDLE_OPTIONS,
    entryPoints: [join(packageRoot(), WORKER_SOURCES[name])],
    write: false,
    logLevel: "warning",
  });
  const code = outputFiles[0]?.contents;
  assert(code, `esbuild made nothing of ${name}`);
  const folder = join(packageRoot(), "node_modules", ".cache", "everwarp");
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 16);
  const path = join(folder, `${name}-${hash}.cjs`);
  // Several processes may write the same content at the same time.
  await writeBytesAtomically(path, code, { place: "own", mode: 0o666, folderMode: 0o777 });
  bundled.set(name, path);
  return path;
}

/** Threads keep what they work on outside of V8's heap. Without a limit, V8 gives each 48 MB for new objects. */
const YOUNG_OBJECTS_MB = 6;

/** Address space that each thread takes. */
const THREAD_ADDRESS_BYTES = 2 ** 30;
/** Address space of a shared or growing WebAssembly memory. */
export const WASM_ADDRESS_BYTES = 10.5 * 2 ** 30;

/**
 * The last start. If address space is limited, threads start one after another: each must have its memory before the
 * next.
 */
let lastStart: Promise<unknown> = Promise.resolve();

/**
 * Starts a worker thread.
 * @param data the worker's `workerData`
 * @param transferList ports in `data`
 * @param addressBytes address space that the worker takes in addition to a thread's own; checked if there is a limit
 * @throws EW_NO_THREAD
 */
export async function startWorkerThread(
  name: WorkerName,
  data: unknown,
  transferList: MessagePort[] = [],
  addressBytes = 0,
): Promise<Worker> {
  assertDirectory();
  const entry = await workerEntry(name);
  if (spareAddressBytes() === Infinity) return start(name, entry, data, transferList);
  const started = lastStart.then(async () => {
    const spare = spareAddressBytes();
    // Leave some address space for this thread.
    if (spare < 2 * THREAD_ADDRESS_BYTES + addressBytes) {
      throw noThread(`${Math.max(0, Math.floor(spare / 2 ** 20))} MiB of address space are left`, undefined);
    }
    const worker = start(name, entry, data, transferList);
    await new Promise<void>((resolve) => {
      worker.once("online", resolve);
      worker.once("exit", () => resolve());
    });
    return worker;
  });
  lastStart = started.catch(() => undefined); // the caller gets the error
  return started;
}

/**
 * Starts a worker thread without the event loop.
 * @param data given to the worker as `workerData`
 * @param transferList ports in `data`
 * @returns undefined where that cannot be: the entry was not bundled so far, or address space is limited
 * @throws EW_NO_THREAD
 */
export function startWorkerThreadNow(
  name: WorkerName,
  data: unknown,
  transferList: MessagePort[] = [],
): Worker | undefined {
  const entry = isFromSource() ? bundled.get(name) : builtEntry(name);
  if (entry === undefined || spareAddressBytes() !== Infinity) return undefined;
  assertDirectory();
  return start(name, entry, data, transferList);
}

function start(name: WorkerName, entry: string, data: unknown, transferList: MessagePort[]): Worker {
  try {
    // Empty execArgv: a worker needs no loaders and flags of this process.
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_OBJECTS_MB };
    return new Worker(entry, {
      workerData: data,
      transferList,
      resourceLimits,
      execArgv: [],
      name: `everwarp ${name}`,
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ERR_WORKER_INIT_FAILED" && code !== "EAGAIN" && code !== "ENOMEM") throw error;
    throw noThread((error as Error).message, error);
  }
}

/** Each thread of Node asks for the working directory at its start, and ends without one. @throws EW_NO_THREAD */
function assertDirectory(): void {
  if (currentDirectory() !== undefined) return;
  throw new EverwarpError("EW_NO_THREAD", "no thread starts where the working directory was removed", {
    remedy: "Change to a directory that exists.",
  });
}

function noThread(detail: string, cause: unknown): EverwarpError {
  return new EverwarpError("EW_NO_THREAD", `the system does not let another thread start: ${detail}`, {
    remedy: "Raise the limits of processes and memory (ulimit -u, ulimit -v), or ask for fewer threads.",
    cause,
  });
}

/**
 * Starts up to `count` threads: as many as the system allows.
 * @param begin starts one thread
 */
export async function startAsMany<T>(count: number, begin: (index: number) => Promise<T>): Promise<T[]> {
  const begun = await Promise.allSettled(Array.from({ length: count }, (_, index) => begin(index)));
  const failure = begun.find(
    (it) =>
      it.status === "rejected" && !(it.reason instanceof EverwarpError && it.reason.code === "EW_NO_THREAD"),
  );
  if (failure?.status === "rejected") throw failure.reason;
  return begun.flatMap((it) => (it.status === "fulfilled" ? [it.value] : []));
}
