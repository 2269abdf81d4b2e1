import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { precompile } from "../../src/programs/sources/precompile.ts";
import { ProgramCache } from "../../src/programs/cache/program-cache.ts";
import type { ProgramRequest } from "../../src/programs/cache/program-request.ts";
import { SharedPrograms } from "../../src/programs/cache/shared-programs.ts";
import type { Device } from "../../src/vulkan/device/device.ts";
import { valueSource as source } from "../support/value-program.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";

watchValidation();

const folder = mkdtempSync(join(tmpdir(), "programs-"));
let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => {
  device.close();
  rmSync(folder, { recursive: true });
});

describe("the cache", () => {
  test("makes one module and one pipeline, however many ask at once", async () => {
    const cache = await ProgramCache.open({ device, precompiled: false, directory: false });
    const leases = await Promise.all(
      Array.from({ length: 20 }, () => cache.acquire({ source, label: "one" })),
    );
    expect(new Set(leases.map(({ pipeline }) => pipeline)).size).toBe(1);
    expect(cache.stats()).toMatchObject({ compilations: 1, pipelines: { fromData: 0, fromSpirv: 1 } });
    expect(leases[0]?.pipeline.pushConstantBytes).toBe(12); // an address and a word, as the module says
    for (const lease of leases) lease.release();
    cache.trim();
    expect(device.liveHandles.pipeline).toBe(0);
  });

  test("tells requests apart by source, defines and specialization, and runs what was asked for", async () => {
    const cache = await ProgramCache.open({ device, precompiled: false, directory: false });
    using buffer = device.createBuffer({ role: "readback", sizeBytes: 64 });
    const requests: ProgramRequest[] = [
      { source },
      { source, defines: { ADDEND: 100 } },
      { source, specialization: { VALUE: 7 } },
      { source, specialization: { 3: 8 }, defines: { ADDEND: 1 } },
    ];
    for (const [index, request] of requests.entries()) {
      using lease = await cache.acquire(request);
      const push = new DataView(new ArrayBuffer(12));
      push.setBigUint64(0, buffer.address, true);
      push.setUint32(8, index, true);
      device.run((recorder) =>
        recorder.bind(lease.pipeline).push(push).dispatch(1).barrier("compute", "host"),
      );
    }
    expect([...new Uint32Array(buffer.host, 0, 4)]).toEqual([5, 105, 7, 9]);
    expect(cache.stats()).toMatchObject({ compilations: 3, pipelines: { fromSpirv: 4 } });
    cache.trim();
  });

  test("keeps pipelines in use, and of the idle ones the last used", async () => {
    const cache = await ProgramCache.open({ device, precompiled: false, directory: false, maxPrograms: 2 });
    const used = await cache.acquire({ source, specialization: { VALUE: 1 } });
    for (const value of [2, 3, 4])
      (await cache.acquire({ source, specialization: { VALUE: value } })).release();
    expect(device.liveHandles.pipeline).toBe(2);
    (await cache.acquire({ source, specialization: { VALUE: 4 } })).release(); // still there
    expect(cache.stats().pipelines.fromSpirv).toBe(4);
    used.release();
    used.release(); // a second release counts no more
    cache.trim();
    expect(device.liveHandles.pipeline).toBe(0);
  });

  test("a device's pipelines end with it, and another device gets its own", async () => {
    const cache = new SharedPrograms({ precompiled: false, directory: false });
    const other = openTestDevice();
    const lease = await cache.acquire(other, { source });
    other.close();
    lease.release();
    using again = await cache.acquire(device, { source });
    expect(again.pipeline).not.toBe(lease.pipeline);
    expect(cache.counters).toMatchObject({ compiled: 1 });
    again.release();
    await cache.trim(device);
  });

  test("a failure is told to all who asked, and not remembered", async () => {
    const cache = await ProgramCache.open({ device, precompiled: false, directory: false });
    const file = join(folder, "edited.comp");
    writeFileSync(file, "#version 460\nbroken");
    const both = await Promise.allSettled([cache.program({ file }), cache.program({ file })]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    writeFileSync(file, source);
    await cache.program({ file });
    await expect(cache.acquire({ file, entryPoint: "other" })).rejects.toThrow("It has main");
    await expect(cache.acquire({ file, specialization: { NOTHING: 1 } })).rejects.toThrow("VALUE (3)");
  });
});

describe("precompiled modules", () => {
  test("are found by their source, and not after it changed", async () => {
    const [path] = await precompile([{ source }, { source }], folder);
    expect(readdirSync(folder).filter((name) => name.endsWith(".spv"))).toHaveLength(1);
    expect(path).toMatch(/\/[0-9a-f]{64}\.spv$/);
    const cache = await ProgramCache.open({ device, precompiled: folder, directory: false });
    expect((await cache.program({ source })).origin).toBe("precompiled");
    expect((await cache.program({ source: `${source}\n// edited` })).origin).toBe("compiled");
    expect((await cache.program({ source, defines: { ADDEND: 1 } })).origin).toBe("compiled");
    using lease = await cache.acquire({ source });
    expect(lease.program.origin).toBe("precompiled");
    lease.release();
    cache.trim();
  });

  test("a file is compiled for each of its variants", async () => {
    const place = mkdtempSync(join(folder, "variants-"));
    const file = join(place, "kernel.comp");
    writeFileSync(file, `${source}// variant: ADDEND=1\n// variant: ADDEND=2 OTHER\n`);
    const plain = join(place, "plain.comp");
    writeFileSync(plain, source);
    expect(await precompile([file, plain], place)).toHaveLength(3);
    const cache = await ProgramCache.open({ device, precompiled: place, directory: false });
    const sets: Record<string, number | boolean>[] = [
      { ADDEND: 1 },
      { ADDEND: 2, OTHER: true },
      { ADDEND: 2 },
    ];
    const origins = sets.map((defines) => cache.program({ file, defines }));
    expect((await Promise.all(origins)).map(({ origin }) => origin)).toEqual([
      "precompiled",
      "precompiled",
      "compiled",
    ]);
    expect((await cache.program({ file: plain })).origin).toBe("precompiled");
  });

  test("a damaged module is an error, not a pipeline", async () => {
    const damaged = mkdtempSync(join(folder, "damaged-"));
    const [path = ""] = await precompile([{ source }], damaged);
    writeFileSync(path, "nonsense");
    await expect(new SharedPrograms({ precompiled: damaged }).program({ source })).rejects.toMatchObject({
      code: "EW_BAD_SPIRV",
    });
  });
});
