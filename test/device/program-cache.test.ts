/** The chain of the program cache on a device: memory, disk, SPIR-V of other entries, compiler. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ProgramCache, type ProgramCacheOptions, type ProgramLease } from "../../src/programs/program-cache.ts";
import type { ProgramRequest } from "../../src/programs/program-request.ts";
import type { Device } from "../../src/vulkan/device.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

const source = `#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
layout(local_size_x = 1) in;
layout(constant_id = 3) const uint VALUE = 5u;
#ifndef ADDEND
#define ADDEND 0
#endif
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Words { uint words[]; };
layout(push_constant, scalar) uniform Push { Words data; uint index; } push;
void main() { push.data.words[push.index] = VALUE + ADDEND; }
`;
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
  ProgramCache.open(device, { precompiled: false, directory, ...options });

/** What the program computes. */
function resultOf(lease: ProgramLease): number {
  using buffer = device.createBuffer({ role: "mailbox", sizeBytes: 64 });
  const push = new DataView(new ArrayBuffer(12));
  push.setBigUint64(0, buffer.address, true);
  device.run((recorder) => recorder.bind(lease.pipeline).push(push).dispatch(1).barrier("compute", "host"));
  return new Uint32Array(buffer.host)[0] ?? 0;
}

/** Acquires in a cache of its own, as another process would, and tells what came of it. */
async function run(
  request: ProgramRequest,
  options: ProgramCacheOptions = {},
): Promise<{ result: number; stats: ReturnType<ProgramCache["stats"]> }> {
  const cache = await open(options);
  const lease = await cache.acquire(request);
  const result = resultOf(lease);
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
    expect(cache.acquireHeld(first.id)?.pipeline).toBe(first.pipeline);
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

  test("what prune removed was evicted", async () => {
    await run({ source });
    const cache = await open();
    expect(await cache.prune({ maxBytes: 0 })).toMatchObject({ removed: 1, kept: 0 });
    await cache.close();
    expect(await run({ source })).toMatchObject({ stats: { misses: { evicted: 1 } } });
    expect(await run({ source })).toMatchObject({ stats: { hits: { disk: 1 } } });
  });
});
