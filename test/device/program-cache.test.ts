/** The chain of the program cache on a device: memory, disk, SPIR-V of other entries, compiler. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ProgramCache, type ProgramLease } from "../../src/programs/cache/program-cache.ts";
import type { ProgramCacheOptions } from "../../src/programs/cache/program-cache-options.ts";
import type { ProgramRequest } from "../../src/programs/cache/program-request.ts";
import type { Device } from "../../src/vulkan/device/device.ts";
import { resultOf, valueSource as source } from "../support/value-program.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

const folder = mkdtempSync(join(tmpdir(), "program-cache-"));
let device: Device;
let directory = folder;
let count = 0;
beforeAll(() => {
  device = openTestDevice();
});
beforeEach(() => {
  directory = join(folder, String(count++));
});
afterAll(() => {
  device.close();
  rmSync(folder, { recursive: true });
});

const open = (options: ProgramCacheOptions = {}): Promise<ProgramCache> =>
  ProgramCache.open({ device, precompiled: false, directory, ...options });

/** Acquires in a cache of its own, as another process would, and tells what came of it. */
async function run(
  request: ProgramRequest,
  options: ProgramCacheOptions = {},
): Promise<{ result: number; stats: ReturnType<ProgramCache["stats"]> }> {
  const cache = await open(options);
  const lease = await cache.acquire(request);
  const result = resultOf(device, lease);
  lease.release();
  await cache.close();
  return { result, stats: cache.stats() };
}

const entriesFolder = (): string => join(directory, readdirSync(directory)[0] ?? "", "entries");
const entryPaths = (): string[] => readdirSync(entriesFolder()).map((name) => join(entriesFolder(), name));

describe("the chain", () => {
  test("compiles once, and never again", async () => {
    const first = await run({ source, constants: { VALUE: 7 } });
    expect(first).toMatchObject({
      result: 7,
      stats: { compilations: 1, missCount: 1, misses: { "never-seen": 1 }, stored: 1 },
    });
    const second = await run({ source, constants: { VALUE: 7 } });
    expect(second).toMatchObject({
      result: 7,
      stats: { compilations: 0, missCount: 0, hits: { memory: 0, disk: 1 }, stored: 0 },
    });
    expect(second.stats.savedMs).toBeGreaterThan(0);
    expect(entryPaths()).toHaveLength(1);
  });

  test("a hit in memory asks nobody else", async () => {
    const cache = await open();
    const request: ProgramRequest = { source };
    using first = await cache.acquire(request);
    using second = await cache.acquire(request);
    using third = await cache.acquire({ source });
    expect(new Set([first.pipeline, second.pipeline, third.pipeline]).size).toBe(1);
    using fourth = cache.acquireHeld(first.id);
    expect(fourth?.pipeline).toBe(first.pipeline);
    expect(cache.acquireHeld("0".repeat(32))).toBeUndefined();
    expect(cache.stats()).toMatchObject({ hits: { memory: 3, disk: 0 }, missCount: 1 });
    await cache.close();
  });

  test("other constants of a source that is known cost no compilation", async () => {
    await run({ source });
    const other = await run({ source, constants: { VALUE: 9 } });
    expect(other).toMatchObject({ result: 9, stats: { compilations: 0, misses: { "never-seen": 1 } } });
  });

  test("an edited source is compiled, and said to be edited", async () => {
    mkdirSync(directory, { recursive: true });
    const file = join(folder, "edited.comp");
    writeFileSync(file, source);
    expect(await run({ file })).toMatchObject({ result: 5, stats: { misses: { "never-seen": 1 } } });
    writeFileSync(file, source.replace("VALUE + ADDEND", "VALUE + ADDEND + 1u"));
    expect(await run({ file })).toMatchObject({
      result: 6,
      stats: { compilations: 1, misses: { "source-changed": 1, "never-seen": 0 } },
    });
    writeFileSync(file, source);
    expect(await run({ file })).toMatchObject({ result: 5, stats: { hits: { disk: 1 }, compilations: 0 } });
  });

  test("a damaged entry is moved away and made again; the next one finds it whole", async () => {
    await run({ source });
    const [path = ""] = entryPaths();
    const bytes = readFileSync(path);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const second = await run({ source });
    expect(second).toMatchObject({
      result: 5,
      stats: { misses: { corrupted: 1 }, disk: { quarantined: 1 }, stored: 1 },
    });
    expect(await run({ source })).toMatchObject({ stats: { hits: { disk: 1 }, missCount: 0 } });
    expect(readdirSync(join(entriesFolder(), "..", "quarantine"))).toHaveLength(1);
  });

  test("what does not compile is told by file and line through its includes, and never kept", async () => {
    mkdirSync(join(folder, "broken"), { recursive: true });
    const file = join(folder, "broken", "kernel.comp");
    const part = join(folder, "broken", "part.glsl");
    writeFileSync(part, "uint part() {\n  return nonsense;\n}\n");
    writeFileSync(file, source.replace("void main", '#include "part.glsl"\nvoid main'));
    const cache = await open();
    for (let round = 0; round < 2; round++)
      await expect(cache.acquire({ file })).rejects.toMatchObject({
        code: "EW_COMPILE",
        message: expect.stringMatching(/part\.glsl:2: .*nonsense/) as string,
      });
    writeFileSync(part, "uint part() {\n  return 1u;\n}\n");
    const lease = await cache.acquire({ file });
    expect(resultOf(device, lease)).toBe(5);
    lease.release();
    await cache.close();
    expect(cache.stats()).toMatchObject({ compilations: 1, missCount: 1, stored: 1 });
    expect(entryPaths()).toHaveLength(1);
  });

  test("what prune removed was evicted", async () => {
    await run({ source });
    const cache = await open();
    expect(await cache.prune({ maxBytes: 0 })).toMatchObject({ removed: 1, kept: 0 });
    await cache.close();
    expect(await run({ source })).toMatchObject({ stats: { misses: { evicted: 1 } } });
    expect(await run({ source })).toMatchObject({ stats: { hits: { disk: 1 } } });
  });
});

describe("tune", () => {
  const request: ProgramRequest = {
    source,
    variants: [
      { name: "one", constants: { VALUE: 1 } },
      { name: "two", constants: { VALUE: 2 }, defines: { ADDEND: 10 } },
      { name: "three", constants: { VALUE: 3 } },
    ],
  };
  /** Smallest for the second one; what is measured is the program itself. */
  const benchmark = (lease: ProgramLease): number => Math.abs(resultOf(device, lease) - 12);

  test("measures each variant, keeps the best, and takes it from then on", async () => {
    const cache = await open();
    const before = await cache.acquire(request);
    expect(resultOf(device, before)).toBe(1);
    before.release();
    let calls = 0;
    const answer = await cache.tune(request, (lease) => {
      calls++;
      return benchmark(lease);
    });
    expect(calls).toBe(9);
    expect(answer).toMatchObject({
      winner: 1,
      isMeasuredNow: true,
      figures: [
        { variant: "one", figure: 11 },
        { variant: "two", figure: 0 },
        { variant: "three", figure: 9 },
      ],
    });
    const after = await cache.acquire(request);
    expect(resultOf(device, after)).toBe(12);
    after.release();
    await cache.close();
    // Another process.
    expect((await run(request)).result).toBe(12);
    const later = await open();
    const again = await later.tune(request, () => expect.fail("measured again"));
    expect(again).toMatchObject({ winner: 1, isMeasuredNow: false, figures: answer.figures });
    const rows = [...(later.disk?.manifest.rows.values() ?? [])];
    expect(new Set(rows.map(({ measured }) => measured?.variant))).toEqual(new Set(["one", "two", "three"]));
    // Other variants are another question.
    const fewer = { ...request, variants: request.variants?.slice(0, 1) ?? [] };
    expect(await later.tune(fewer, () => 1)).toMatchObject({ winner: 0, isMeasuredNow: true });
    await later.close();
  });

  test("a variant that fails is not chosen; when all do, nothing is kept", async () => {
    const cache = await open();
    const broken = { name: "broken", defines: { ADDEND: "nonsense" } };
    const mixed = { source, variants: [broken, { name: "whole" }] };
    expect(await cache.tune(mixed, () => 1)).toMatchObject({
      winner: 1,
      figures: [{ variant: "broken", error: expect.stringContaining("nonsense") as string }, { figure: 1 }],
    });
    const all = { source, variants: [broken] };
    await expect(cache.tune(all, () => 1)).rejects.toMatchObject({ code: "EW_COMPILE" });
    await expect(cache.tune({ source, variants: [{}] }, () => NaN)).rejects.toMatchObject({
      code: "EW_BAD_ARGUMENT",
    });
    await expect(cache.tune({ source }, () => 1)).rejects.toMatchObject({ code: "EW_BAD_ARGUMENT" });
    await cache.close();
  });

  test("a damaged record is no record", async () => {
    const cache = await open();
    await cache.tune(request, benchmark);
    await cache.close();
    const tuned = join(entriesFolder(), "..", "tuned");
    const [name = ""] = readdirSync(tuned);
    writeFileSync(
      join(tuned, name),
      readFileSync(join(tuned, name), "utf8").replace('"winner": 1', '"winner": 2'),
    );
    expect((await run(request)).result).toBe(1);
  });
});

describe("preload", () => {
  const requests = [1, 2, 3, 4, 5].map((value): ProgramRequest => ({ source, constants: { VALUE: value } }));

  test("makes what is asked for; what fails stops nothing", async () => {
    const cache = await open();
    const seen: string[] = [];
    const broken = { source: "#version 460\nbroken", label: "broken" };
    const answer = await cache.preload([...requests, broken], {
      onProgress: (done, total, name) => seen.push(`${done}/${total} ${name}`),
    });
    expect(answer).toMatchObject({ loaded: 5, failed: [{ name: "broken", error: { code: "EW_COMPILE" } }] });
    expect(seen).toHaveLength(6);
    expect(seen.at(-1)).toMatch(/^6\/6 /);
    expect(cache.stats()).toMatchObject({ compilations: 1, memory: { programs: 5, referenced: 0 } });
    using lease = await cache.acquire(requests[2] as ProgramRequest);
    expect(resultOf(device, lease)).toBe(3);
    expect(cache.stats()).toMatchObject({ hits: { memory: 1 } });
    await cache.close();
  });

  test("without a list makes what this device has used before, within the limits of memory", async () => {
    const first = await open();
    await first.preload(requests);
    await first.close();
    const all = await open();
    expect(await all.preload()).toEqual({ loaded: 5, failed: [] });
    expect(all.stats()).toMatchObject({ missCount: 0, hits: { disk: 5 }, memory: { programs: 5 } });
    for (const [index, request] of requests.entries()) {
      const lease = await all.acquire(request);
      expect(resultOf(device, lease)).toBe(index + 1);
      lease.release();
    }
    expect(all.stats()).toMatchObject({ hits: { memory: 5, disk: 5 }, compilations: 0 });
    await all.close();
    const few = await open({ maxPrograms: 2 });
    expect(await few.preload()).toMatchObject({ loaded: 2 });
    await few.close();
  });

  test("lets a request in earnest go first, and makes nothing twice", async () => {
    const first = await open();
    await first.preload(requests);
    await first.close();
    const cache = await open();
    const order: string[] = [];
    const preloading = cache.preload(undefined, { onProgress: () => order.push("preloaded"), parallel: 1 });
    const leases = await Promise.all(requests.map((request) => cache.acquire(request)));
    order.push("acquired");
    await preloading;
    expect(order[0]).toBe("acquired");
    expect(new Set(leases.map(({ pipeline }) => pipeline)).size).toBe(5);
    for (const lease of leases) lease.release();
    cache.trim();
    expect(device.liveHandles.pipeline).toBe(0);
    await cache.close();
  });

  test("is not in the way of a request, of one for what it is making neither", async () => {
    const cache = await open();
    const sources = Array.from({ length: 12 }, (_, index) => ({ source: `${source}// ${index}\n` }));
    let done = 0;
    const preloading = cache.preload(sources, { onProgress: () => done++ });
    // They are all under way now; the last of them is asked for in earnest, and another one.
    await new Promise((resolve) => setImmediate(resolve));
    const both = await Promise.all([
      cache.acquire({ source: `${source}// in earnest\n` }),
      cache.acquire({ ...(sources[3] as ProgramRequest) }),
    ]);
    expect(done).toBeLessThan(6);
    expect(both.map((lease) => resultOf(device, lease))).toEqual([5, 5]);
    expect(await preloading).toMatchObject({ loaded: 12, failed: [] });
    expect(cache.stats()).toMatchObject({ compilations: 13 });
    for (const lease of both) lease.release();
    await cache.close();
  });

  test("a name stands for a shipped kernel, in the forms that were used here", async () => {
    const cache = await open();
    expect(await cache.preload(["search/newline_count"])).toMatchObject({ loaded: 1, failed: [] });
    await expect(cache.preload(["search/nothing"])).rejects.toMatchObject({ code: "EW_BAD_ARGUMENT" });
    await cache.close();
  });
});

describe("limits of memory", () => {
  test("of bytes hold, and what is in use stays", async () => {
    const cache = await open({ maxBytes: 40_000 });
    const used = await cache.acquire({ source, constants: { VALUE: 1 } });
    for (let value = 2; value < 10; value++)
      (await cache.acquire({ source, constants: { VALUE: value } })).release();
    const { memory } = cache.stats();
    expect(memory.bytes).toBeLessThanOrEqual(40_000);
    expect(memory.programs).toBeLessThan(5);
    expect(memory.evictions).toBeGreaterThan(4);
    expect(resultOf(device, used)).toBe(1);
    // What left memory comes back from disk.
    const back = await cache.acquire({ source, constants: { VALUE: 2 } });
    expect(resultOf(device, back)).toBe(2);
    expect(cache.stats()).toMatchObject({ hits: { disk: 1 }, missCount: 9, compilations: 1 });
    back.release();
    used.release();
    await cache.close();
    expect(device.liveHandles.pipeline).toBe(0);
    await expect(cache.acquire({ source })).rejects.toMatchObject({ code: "EW_CLOSED" });
  });

  test("what many wait for together is not taken away before they have it", async () => {
    const cache = await open({ maxPrograms: 1 });
    const values = [1, 2, 3, 4, 1, 2, 3, 4];
    const leases = await Promise.all(
      values.map((value) => cache.acquire({ source, constants: { VALUE: value } })),
    );
    expect(leases.map((lease) => resultOf(device, lease))).toEqual(values);
    for (const lease of leases) lease.release();
    expect(cache.stats().memory).toMatchObject({ programs: 1, referenced: 0 });
    await cache.close();
  });
});
