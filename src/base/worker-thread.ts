/**
 * Starts worker threads from a built package and from source.
 *
 * A built package has each entry bundled as dist/workers/NAME.cjs. From source (tests, tsx) the entry is bundled with
 * esbuild, a development dependency, into node_modules/.cache/everwarp, once per process and content.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type MessagePort, Worker } from "node:worker_threads";
import { BUNDLE_OPTIONS, WORKER_SOURCES } from "./bundle-options.ts";
import { assert, EverwarpError } from "./errors.ts";
import { moduleFile, packageRoot } from "./package-root.ts";

export type WorkerName = keyof typeof WORKER_SOURCES;

const entries = new Map<WorkerName, Promise<string>>();

/** The file that a worker of this name runs. */
function workerEntry(name: WorkerName): Promise<string> {
  if (moduleFile()?.endsWith(".ts") !== true) return Promise.resolve(builtEntry(name));
  const known = entries.get(name);
  if (known) return known;
  const made = bundleFromSource(name);
  entries.set(name, made);
  return made;
}

/** @throws EW_PACKAGE_INCOMPLETE for a package without its built files, as a copy of a clone that was never built is */
function builtEntry(name: WorkerName): string {
  const file = join(packageRoot(), "dist", "workers", `${name}.cjs`);
  if (existsSync(file)) return file;
  throw new EverwarpError("EW_PACKAGE_INCOMPLETE", `${file}, which a thread runs, is not there`, {
    remedy: "Install everwarp with npm; in a clone, run `npm run build`.",
  });
}

async function bundleFromSource(name: WorkerName): Promise<string> {
  const bundler = "esbuild"; // a variable, so that no bundle of ours takes esbuild in
  const { build } = (await import(bundler)) as typeof import("esbuild");
  const { createHash } = await import("node:crypto");
  const { randomBytes } = await import("node:crypto");
  const { mkdir, rename, unlink, writeFile } = await import("node:fs/promises");
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
  await mkdir(folder, { recursive: true });
  // Several processes may write the same content at once: each under its own name, then moved into place. By hand, as `storage` stands above.
  const temporary = `${path}.${randomBytes(8).toString("hex")}`;
  await writeFile(temporary, code, { flag: "wx" });
  try {
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary);
    throw error;
  }
  return path;
}

/**
 * Starts a worker thread.
 * @param data given to the worker as `workerData`
 * @param transferList ports in `data`
 */
export async function startWorkerThread(
  name: WorkerName,
  data: unknown,
  transferList: MessagePort[] = [],
): Promise<Worker> {
  // execArgv: a worker needs none of the loaders or flags of this process.
  return new Worker(await workerEntry(name), {
    workerData: data,
    transferList,
    execArgv: [],
    name: `everwarp ${name}`,
  });
}
