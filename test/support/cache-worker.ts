/**
 * What the tests of the program cache run in processes of their own: acquires programs, runs each, and prints what came of it.
 *
 *     node cache-worker '{"directory": "…", "values": [1, 2]}'
 */

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ProgramCache } from "../../src/programs/cache/program-cache.ts";
import type { ProgramStats } from "../../src/programs/cache/statistics.ts";
import { Device } from "../../src/vulkan/device/device.ts";
import { listDevices } from "../../src/vulkan/instance/device-info.ts";
import { CachingDriver } from "./caching-driver.ts";
import { resultOf, workerSource } from "./value-program.ts";

export interface WorkerOptions {
  directory: string;
  /** Each is a program of its own source. */
  values: number[];
  /** Puts a driver that stores pipelines in front of the real one. */
  caching?: boolean;
  /** The driver ends the process at data of the program of this value. */
  diesOf?: number;
  /** Ends without closing the cache, as most programs do. */
  staysOpen?: boolean;
  /** Ends by process.exit() as soon as it has its answers. */
  exits?: boolean;
  /** Prunes everything away before acquiring. */
  prunes?: boolean;
  /** Tells in this folder that it is ready, and begins when there is a file `go`: all processes begin together. */
  gate?: string;
}

export interface WorkerReport {
  results: number[];
  stats: ProgramStats;
  /** Sources that were compiled, by value. */
  compiled: number[];
  /** What the playing driver had to compile, and what it took from data. */
  driverCompiled: string[];
  driverLoaded: number;
  elapsedMs: number;
}

const options = JSON.parse(process.argv[2] ?? "{}") as WorkerOptions;
const driver = new CachingDriver();
const usable = listDevices().filter(({ missing }) => missing.length === 0);
const first = usable.toSorted((a, b) => Number(a.type === "cpu") - Number(b.type === "cpu"))[0];
const device = Device.open({ select: first?.index ?? "auto", queuesToLease: 0 });
if (options.caching === true) driver.install();
driver.onDamage = () => process.kill(process.pid, "SIGKILL");
// The source of each program has a constant of its own, of which the driver knows nothing; it counts what it is shown.
let shown = 0;
driver.diesOf = () => options.values[shown++] === options.diesOf;

if (options.gate !== undefined) {
  writeFileSync(join(options.gate, String(process.pid)), "");
  while (!existsSync(join(options.gate, "go")))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
const beginMs = performance.now();
const cache = await ProgramCache.open({ device, precompiled: false, directory: options.directory });
if (options.prunes === true) await cache.prune({ maxBytes: 0 });
const results: number[] = [];
const compiled: number[] = [];
for (const value of options.values) {
  const before = cache.stats().compilations;
  const lease = await cache.acquire({ source: workerSource(value), label: `value ${value}` });
  if (cache.stats().compilations > before) compiled.push(value);
  results.push(resultOf(device, lease));
  lease.release();
}
if (options.staysOpen !== true && options.exits !== true) await cache.close();
const report: WorkerReport = {
  results,
  stats: cache.stats(),
  compiled,
  driverCompiled: driver.compiled,
  driverLoaded: driver.loaded,
  elapsedMs: performance.now() - beginMs,
};
device.close();
process.stdout.write(JSON.stringify(report));
if (options.exits === true) process.exit();
