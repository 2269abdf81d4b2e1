/**
 * The program cache under what goes wrong: many processes at once, processes that are killed, disks that fail, files that are damaged, drivers
 * that die. Whatever happens, the program is the right one.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { FAULT_POINTS, injectFaults } from "../../src/base/faults.ts";
import { packageRoot } from "../../src/base/index.ts";
import { processToken } from "../../src/storage/index.ts";
import { ProgramCache, type ProgramCacheOptions, type ProgramRequest } from "../../src/programs/index.ts";
import type { Device } from "../../src/vulkan/device/device.ts";
import type { WorkerOptions, WorkerReport } from "../support/cache-worker.ts";
import { CachingDriver } from "../support/caching-driver.ts";
import { Random } from "../support/cli-random-source.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";
import { resultOf, valueSource, workerSource } from "../support/value-program.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";
import { until } from "../support/patience.ts";

watchValidation();

const folder = mkdtempSync(join(tmpdir(), "everwarp-program-cache-"));
const bundleFolder = join(packageRoot(), "node_modules", ".cache", "everwarp-test", `cache-${process.pid}`);
const bundle = join(bundleFolder, "worker.mjs");
let device: Device;
let directory = folder;
let count = 0;

beforeAll(async () => {
  await build({
    entryPoints: [join(packageRoot(), "test", "support", "cache-worker.ts")],
    outfile: bundle,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    external: ["koffi", "@webgpu/glslang"],
    logLevel: "silent",
  });
  device = openTestDevice();
});
beforeEach(() => {
  directory = join(folder, String(count++));
});
afterAll(() => {
  device.close();
  rmSync(folder, { recursive: true, force: true });
  rmSync(bundleFolder, { recursive: true, force: true });
});

/** Runs the worker in a process. @returns what it reported, or how it ended */
async function work(options: Partial<WorkerOptions>, fault?: string): Promise<WorkerReport | string> {
  const env = { ...process.env };
  if (fault !== undefined) Object.assign(env, { EVERWARP_ALLOW_FAULTS: "1", EVERWARP_FAULT: fault });
  const words = [bundle, JSON.stringify({ directory, values: [1], ...options })];
  const child = spawn(process.execPath, words, { env, stdio: ["ignore", "pipe", "pipe"] });
  const [out, errors]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  const [status, signal] = await once(child, "close");
  if (status === 0) return JSON.parse(Buffer.concat(out).toString()) as WorkerReport;
  return signal ?? `status ${status}: ${Buffer.concat(errors).toString()}`;
}

/** As `work`, for one that has to come to its end. */
async function worked(options: Partial<WorkerOptions>, fault?: string): Promise<WorkerReport> {
  const report = await work(options, fault);
  if (typeof report === "string") throw new Error(`the worker ended with ${report}`);
  return report;
}

const open = (options: ProgramCacheOptions = {}): Promise<ProgramCache> =>
  ProgramCache.open({ device, precompiled: false, directory, ...options });

/** Acquires one program in a cache of its own, and runs it. */
async function run(
  request: ProgramRequest = { source: valueSource },
  options: ProgramCacheOptions = {},
): Promise<{ result: number; origin: string; stats: ReturnType<ProgramCache["stats"]> }> {
  const cache = await open(options);
  const lease = await cache.acquire(request);
  const result = resultOf(device, lease);
  const { origin } = lease.pipeline;
  lease.release();
  await cache.close();
  return { result, origin, stats: cache.stats() };
}

const modelFolder = (): string => join(directory, readdirSync(directory)[0] ?? "");
const filesIn = (...names: string[]): string[] =>
  readdirSync(join(modelFolder(), ...names)).map((name) => join(modelFolder(), ...names, name));

const manifest = (): { entries: unknown[] } =>
  JSON.parse(readFileSync(join(modelFolder(), "manifest.json"), "utf8")) as { entries: unknown[] };

describe("many processes at once on an empty cache", () => {
  test("compile each program at most twice over all, and leave no bad entry", async () => {
    const values = [11, 12, 13];
    const gate = mkdtempSync(join(folder, "gate-"));
    const working = Array.from({ length: 16 }, () => worked({ values, gate, caching: true }));
    await Promise.race([...working, until(() => readdirSync(gate).length === 16, 20)]);
    writeFileSync(join(gate, "go"), "");
    const reports = await Promise.all(working);
    expect(reports.map(({ results }) => results)).toEqual(reports.map(() => values));
    const times = (all: readonly (string | number)[]): number[] => {
      const sums = new Map<string | number, number>();
      for (const each of all) sums.set(each, (sums.get(each) ?? 0) + 1);
      return [...sums.values()];
    };
    const compiled = times(reports.flatMap((report) => report.compiled));
    expect(compiled).toHaveLength(3);
    expect(Math.max(...compiled)).toBeLessThanOrEqual(2);
    const driverCompiled = times(reports.flatMap((report) => report.driverCompiled));
    expect(driverCompiled).toHaveLength(3);
    expect(Math.max(...driverCompiled)).toBeLessThanOrEqual(2);
    expect(filesIn("entries")).toHaveLength(3);
    expect(filesIn("locks")).toEqual([]);
    const cache = await open();
    expect(await cache.disk?.verify()).toMatchObject({ bad: [] });
    await cache.close();
    // The manifest and the sums of all of them are whole, too.
    expect(manifest().entries).toHaveLength(3);
    const again = await worked({ values, caching: true });
    expect(again).toMatchObject({
      results: values,
      compiled: [],
      driverCompiled: [],
      driverLoaded: 3,
      stats: { hits: { disk: 3, driver: 3 }, missCount: 0, pipelines: { fromData: 3, fromSpirv: 0 } },
    });
  });
});

test("a process that exits right after the answer has stored what it made, and leaves nothing else", async () => {
  const first = await worked({ values: [1, 2, 3], exits: true, caching: true });
  expect(first).toMatchObject({ compiled: [1, 2, 3] });
  expect(filesIn("entries").map((path) => path.replace(/^.*\./, ""))).toEqual(["ewp", "ewp", "ewp"]);
  expect(filesIn("locks")).toEqual([]);
  const again = await worked({ values: [1, 2, 3], caching: true });
  expect(again).toMatchObject({ results: [1, 2, 3], compiled: [], driverLoaded: 3 });
  // Whoever closes the cache next tells the manifest.
  expect(manifest().entries).toHaveLength(3);
});

test("a process that does not close its cache leaves a whole folder all the same", async () => {
  await worked({ values: [1, 2], staysOpen: true });
  const read = (name: string): unknown => JSON.parse(readFileSync(join(modelFolder(), name), "utf8"));
  expect(read("manifest.json")).toMatchObject({ entries: [{ uses: 0 }, { uses: 0 }] });
  expect(read("stats.json")).toMatchObject({ compilations: 2, stored: 2, "miss.never-seen": 2 });
  expect(filesIn("locks")).toEqual([]);
});

/** Points that a process passes which makes or loads a program. */
const CACHE_POINTS = Object.keys(FAULT_POINTS).filter((point) => point.startsWith("cache."));
/** Those that are only passed when something else went wrong before, or when data is loaded. */
const PREPARED: Record<string, "damaged" | "stored" | "pruned"> = {
  "cache.quarantined": "damaged",
  "cache.used": "stored",
  "cache.marked": "stored",
  "create-pipeline": "stored",
  "cache.removed": "pruned",
};

/** Brings the folder to where the point is passed. */
async function prepare(point: string): Promise<Partial<WorkerOptions>> {
  const preparation = PREPARED[point];
  if (preparation !== undefined) await worked({ caching: true });
  const [entry = ""] = preparation === "damaged" ? filesIn("entries") : [];
  if (preparation === "damaged") truncateSync(entry, 1000);
  return { caching: true, prunes: preparation === "pruned" };
}

describe("a process that is killed", () => {
  test.each([...CACHE_POINTS, "create-pipeline"])(
    "at %s leaves a folder in which the next one does all it has to",
    async (point) => {
      const options = await prepare(point);
      expect(await work(options, `kill@${point}`)).toBe("SIGKILL");
      // Whatever was left: the right program, and from then on it is there.
      expect(await worked({ caching: true })).toMatchObject({
        results: [1],
        stats: { disk: { writeFailures: 0 } },
      });
      const third = await worked({ caching: true });
      expect(third).toMatchObject({
        results: [1],
        compiled: [],
        driverCompiled: [],
        stats: { missCount: 0, hits: { disk: 1, driver: 1 } },
      });
      const cache = await open();
      await cache.prune({ maxAgeDays: 365 });
      expect(await cache.disk?.verify()).toMatchObject({ good: [{ name: "value 1" }], bad: [] });
      await cache.close();
      const all = ["", "entries", "locks", "marks"].flatMap((name) => {
        try {
          return filesIn(name);
        } catch {
          return []; // not every run needs every folder
        }
      });
      expect(all.filter((path) => path.endsWith(".tmp") || /locks\/|marks\//.test(path))).toEqual([]);
    },
  );
});

describe("a disk that fails", () => {
  const kinds = ["ENOSPC", "EIO", "EACCES", "EROFS", "EMFILE", "EDQUOT"];
  test.each(CACHE_POINTS.flatMap((point) => kinds.map((kind) => [kind, point] as const)))(
    "with %s at %s costs no program",
    async (kind, point) => {
      const restore = new CachingDriver().install();
      try {
        if (PREPARED[point] !== undefined) await run();
        if (PREPARED[point] === "damaged") truncateSync(filesIn("entries")[0] ?? "", 1000);
        const fault = injectFaults(`${kind}@${point}:1+`);
        try {
          const cache = await open();
          if (PREPARED[point] === "pruned") await cache.prune({ maxBytes: 0 });
          const lease = await cache.acquire({ source: valueSource });
          expect(resultOf(device, lease)).toBe(5);
          lease.release();
          await cache.close();
        } finally {
          fault[Symbol.dispose]();
        }
        // When the disk is well again, so is the cache.
        expect((await run()).result).toBe(5);
        expect(await run()).toMatchObject({
          result: 5,
          origin: "data",
          stats: { hits: { disk: 1 }, missCount: 0 },
        });
      } finally {
        restore();
      }
    },
  );

  test("says why nothing is stored", async () => {
    using _fault = injectFaults("ENOSPC@cache.begun:1+");
    const { stats } = await run();
    expect(stats).toMatchObject({ stored: 0, disk: { writeFailures: 1 } });
    expect(stats.disk.lastTrouble).toContain("ENOSPC");
  });

  /** Whether this user may mount: full and read-only disks are real ones then. */
  const canMount = ((): boolean => {
    const place = mkdtempSync(join(tmpdir(), "mount-"));
    const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", place]).status === 0;
    if (isMounted) spawnSync("umount", [place]);
    rmSync(place, { recursive: true });
    return isMounted;
  })();

  test.skipIf(!canMount)("that is really full costs no program (needs the right to mount)", async () => {
    mkdirSync(directory);
    expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=32k", "none", directory]).status).toBe(0);
    try {
      const results: number[] = [];
      let last = await run({ source: workerSource(0) });
      for (let value = 1; value < 20; value++) {
        last = await run({ source: workerSource(value) });
        results.push(last.result);
      }
      expect(results).toEqual(Array.from({ length: 19 }, (_, index) => index + 1));
      expect(last.stats.disk.lastTrouble).toContain("ENOSPC");
      // What found room is whole, and found.
      expect(await run({ source: workerSource(0) })).toMatchObject({
        result: 0,
        stats: { hits: { disk: 1 } },
      });
      const cache = await open();
      expect(await cache.disk?.verify()).toMatchObject({ bad: [] });
      await cache.close();
    } finally {
      spawnSync("umount", [directory]);
    }
  });

  test.skipIf(!canMount)("that is really read-only is read (needs the right to mount)", async () => {
    const restore = new CachingDriver().install();
    mkdirSync(directory);
    expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "none", directory]).status).toBe(0);
    try {
      expect((await run()).result).toBe(5);
      expect(spawnSync("mount", ["-o", "remount,ro", directory]).status).toBe(0);
      expect(await run()).toMatchObject({
        result: 5,
        origin: "data",
        stats: { hits: { disk: 1, driver: 1 } },
      });
      const other = await run({ source: workerSource(8) });
      expect(other).toMatchObject({ result: 8, stats: { stored: 0 } });
      expect(other.stats.disk.lastTrouble).toContain("EROFS");
    } finally {
      spawnSync("umount", [directory]);
      restore();
    }
  });

  test("and a folder that is a file is none", async () => {
    writeFileSync(directory, "in the way");
    expect(await run()).toMatchObject({ result: 5, stats: { stored: 0 } });
    expect(readFileSync(directory, "utf8")).toBe("in the way");
  });

  test("and a folder without rights is not entered", async () => {
    mkdirSync(directory, { mode: 0o500 });
    const { result } = await run();
    expect(result).toBe(5);
    chmodSync(directory, 0o700);
  });

  test("entries that are folders, pipes or links into nowhere are moved away", async () => {
    await run();
    const [entry = ""] = filesIn("entries");
    const spoil: (() => void)[] = [
      () => mkdirSync(entry),
      () => expect(spawnSync("mkfifo", [entry]).status).toBe(0),
      () => writeFileSync(entry, ""),
    ];
    for (const make of spoil) {
      rmSync(entry, { recursive: true });
      make();
      expect(await run()).toMatchObject({ result: 5, stats: { misses: { corrupted: 1 } } });
      expect(await run()).toMatchObject({ result: 5, stats: { hits: { disk: 1 } } });
    }
  });
});

describe("a damaged entry", () => {
  test("gives the right program again and again, and never reaches the driver", async () => {
    const driver = new CachingDriver();
    const restore = driver.install();
    try {
      await run();
      const [entry = ""] = filesIn("entries");
      const whole = readFileSync(entry);
      const [seed, { numRuns }] = [propertySeed(), propertyRuns(250)];
      const random = new Random(seed);
      let rebuilt = 0;
      for (let round = 0; round < numRuns; round++) {
        const bytes = Buffer.from(whole);
        const isCut = round % 4 === 3;
        const place = random.below(bytes.length);
        if (!isCut) bytes[place] = (bytes[place] ?? 0) ^ (1 << random.below(8));
        writeFileSync(entry, isCut ? bytes.subarray(0, place) : bytes);
        const { result, origin, stats } = await run();
        // Only the record of its use may be damaged without the entry being so.
        const isHarmless = !isCut && place >= bytes.length - 32;
        const due = { result: 5, origin: isHarmless ? "data" : "spirv" };
        expect({ seed, round, place, result, origin }).toMatchObject(due);
        expect(stats.misses.corrupted).toBe(isHarmless ? 0 : 1);
        expect(stats.compilations).toBe(isHarmless ? 0 : 1);
        rebuilt += stats.stored;
      }
      expect(rebuilt).toBeGreaterThan(numRuns / 2);
      expect(await run()).toMatchObject({ result: 5, origin: "data", stats: { hits: { disk: 1 } } });
    } finally {
      restore();
    }
  });

  test.each(["manifest.json", "stats.json"])("%s that is damaged or lost is made again", async (name) => {
    await run();
    await run({ source: workerSource(9) });
    const path = join(modelFolder(), name);
    const text = readFileSync(path, "utf8");
    for (const spoilt of [
      text.slice(0, 20),
      "",
      "null",
      "[]",
      '{"version":1,"entries":[{}],"evicted":[1]}',
      undefined,
    ]) {
      if (spoilt === undefined) rmSync(path);
      else writeFileSync(path, spoilt);
      expect(await run()).toMatchObject({ result: 5, stats: { hits: { disk: 1 }, missCount: 0 } });
      await run({ source: workerSource(10) });
      const cache = await open();
      const { length } = filesIn("entries");
      expect(cache.stats().disk.entries).toBe(length);
      await cache.close();
    }
  });
});

describe("a clock that jumps", () => {
  test("loses no program, and prunes none that is in use", async () => {
    const dayMs = 24 * 3600 * 1000;
    const real = Date.now;
    let offsetMs = 0;
    vi.spyOn(Date, "now").mockImplementation(() => real() + offsetMs);
    try {
      await run();
      for (const days of [3650, -3650, 0, 20_000, -20_000, 0]) {
        offsetMs = days * dayMs;
        expect(await run()).toMatchObject({ result: 5, stats: { hits: { disk: 1 }, missCount: 0 } });
        const cache = await open();
        // It was used just now, by whatever clock.
        expect(await cache.prune({ maxAgeDays: 30 })).toMatchObject({ removed: 0, kept: 1 });
        await cache.close();
        const value = 100 + days;
        expect(await run({ source: workerSource(value < 0 ? 7 : value) })).toMatchObject({
          stats: { stored: 1 },
        });
        await (await open()).prune({ maxBytes: 0 });
        await run();
      }
    } finally {
      vi.restoreAllMocks();
    }
  });
});

describe("a driver that dies of an entry", () => {
  const values = [1, 2, 3];
  const good = { results: values, compiled: [] };

  test("dies once, and a second time only of what it made anew; the others are not condemned", async () => {
    await worked({ values, caching: true });
    const dying = { values, caching: true, diesOf: 2 };
    expect(await work(dying)).toBe("SIGKILL");
    // The entry is not shown to it; what it makes anew is kept.
    const second = await worked({ values, caching: true });
    expect(second).toMatchObject({
      ...good,
      driverLoaded: 2,
      stats: { misses: { "driver-crashed": 1 }, hits: { disk: 2, driver: 2 }, disk: { crashesFound: 1 } },
    });
    expect(second.driverCompiled).toHaveLength(1);
    // And tried, once.
    expect(await work(dying)).toBe("SIGKILL");
    for (let round = 0; round < 3; round++) {
      const later = await worked({ values, caching: true });
      expect(later).toMatchObject({ ...good, driverLoaded: 2, stats: { hits: { driver: 2 } } });
      expect(later.driverCompiled).toHaveLength(1);
    }
  });

  test("what is made anew after a crash that was none is used again, and clears the entry", async () => {
    await worked({ values: [2], caching: true });
    for (let round = 0; round < 3; round++) {
      expect(await work({ values: [2], caching: true, diesOf: 2 })).toBe("SIGKILL");
      expect(await worked({ values: [2], caching: true })).toMatchObject({ driverLoaded: 0, results: [2] });
      expect(await worked({ values: [2], caching: true })).toMatchObject({ driverLoaded: 1, results: [2] });
      expect(await worked({ values: [2], caching: true })).toMatchObject({ driverLoaded: 1, results: [2] });
    }
  });

  test("among many that were loading: all are tried again, and only the guilty one is condemned", async () => {
    const restore = new CachingDriver().install();
    try {
      const requests = Array.from({ length: 10 }, (_, value) => ({ source: workerSource(value) }));
      for (const request of requests) await run(request);
      const ids = filesIn("entries").map((path) => path.split("/").at(-1)?.replace(".ewp", "") ?? "");
      // A process with ten threads that is gone: its start is that of no process.
      const [machine, boot] = processToken().split(".");
      const marks = join(modelFolder(), "marks");
      mkdirSync(marks);
      for (let crash = 0; crash < 3; crash++) {
        for (const [thread, id] of ids.entries())
          writeFileSync(join(marks, `${id}~${machine}.${boot}.${process.pid}.${crash}1~${thread}`), "");
        const after: string[] = [];
        for (const request of requests) after.push((await run(request)).origin);
        expect(after).toEqual(requests.map(() => "spirv"));
        const later: string[] = [];
        for (const request of requests) later.push((await run(request)).origin);
        expect(later).toEqual(requests.map(() => "data"));
      }
      expect(readdirSync(marks)).toEqual([]);
    } finally {
      restore();
    }
  });

  test("the mark of a process that lives is no crash", async () => {
    const restore = new CachingDriver().install();
    try {
      await run();
      const [entry = ""] = filesIn("entries");
      const id = entry.split("/").at(-1)?.replace(".ewp", "");
      const marks = join(modelFolder(), "marks");
      mkdirSync(marks, { recursive: true });
      writeFileSync(join(marks, `${id}~${processToken()}~7`), "");
      expect(await run()).toMatchObject({ origin: "data", stats: { disk: { crashesFound: 0 } } });
      // From another machine, too: until it is a day old.
      writeFileSync(join(marks, `${id}~0123456789ab.01234567.1.1~0`), "");
      expect(await run()).toMatchObject({ origin: "data", stats: { disk: { crashesFound: 0 } } });
    } finally {
      restore();
    }
  });
});

describe("another driver, another device", () => {
  async function withInfo<T>(info: Partial<Device["info"]>, body: () => Promise<T>): Promise<T> {
    const own = device.info;
    Object.assign(device, { info: { ...own, ...info } });
    try {
      return await body();
    } finally {
      Object.assign(device, { info: own });
    }
  }

  test("drop the pipeline's data and keep the SPIR-V", async () => {
    const driver = new CachingDriver();
    const restore = driver.install();
    try {
      await run();
      for (const change of [
        { driverVersion: 12_345 },
        { driverInfo: "another" },
        { pipelineCacheUuid: "00" },
      ]) {
        const first = await withInfo(change, () => run());
        expect(first).toMatchObject({
          result: 5,
          origin: "spirv",
          stats: { compilations: 0, misses: { "driver-changed": 1 } },
        });
        // Each has its own from then on, and the one before has lost nothing.
        expect(await withInfo(change, () => run())).toMatchObject({
          origin: "data",
          stats: { missCount: 0 },
        });
        expect(await run()).toMatchObject({ origin: "data", stats: { missCount: 0 } });
      }
      const other = await withInfo({ name: "Another GPU", deviceId: 7 }, () => run());
      expect(other).toMatchObject({
        result: 5,
        origin: "spirv",
        stats: { compilations: 0, misses: { "other-device": 1 } },
      });
      expect(readdirSync(directory)).toHaveLength(2);
    } finally {
      restore();
    }
  });
});
