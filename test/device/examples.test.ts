/** The examples as users run them, on ResidentKernel, against their references. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { AccumulatorReference } from "../../examples/accumulator.reference.ts";
import { RECORDS } from "../../examples/long-job.reference.ts";
import { packageRoot } from "../../src/base/package-root.ts";
import { ResidentKernel } from "../../src/residency/service/resident-kernel.ts";
import { struct, u32, u64 } from "../../src/schema/index.ts";
import type { Device } from "../../src/vulkan/index.ts";
import { openTestDevice, watchValidation } from "../support/vulkan.ts";
import { TEST_TIMEOUT_MS } from "../support/patience.ts";

// The package's name means the sources here, not what was built last.
vi.mock("everwarp", () => import("../../src/index.ts"));

const accumulator = await import("../../examples/accumulator.ts");
const counter = await import("../../examples/counter.ts");
const longJob = await import("../../examples/long-job.ts");

watchValidation();

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => {
  device?.close();
});

describe("accumulator", () => {
  it("gives the means of a window that moves", async () => {
    // Quarters, and windows of a power of two: exact on every device.
    const values = Array.from({ length: 200 }, (_, index) => ((index * 37) % 101) / 4);
    const reference = new AccumulatorReference(4096);
    const wanted = values.map((value) => reference.call({ windowLength: 16, value }).mean);
    const means = await accumulator.run(device, { values, windowLength: 16, historyBytes: 4096 });
    expect(means).toHaveLength(200);
    // Before the window is full, a device may be one unit in the last place off when it divides.
    for (const [index, mean] of means.entries())
      expect(Math.abs(mean - wanted[index])).toBeLessThanOrEqual(index < 15 ? wanted[index] * 2 ** -22 : 0);
  });
});

describe("counter", () => {
  it("counts words", async () => {
    const words = "to be or not to be that is the question to".split(" ");
    const counts = await counter.run(device, { words, tableBytes: 4096 });
    expect(counts.slice(0, 2)).toEqual([
      ["to", 3n],
      ["be", 2n],
    ]);
    expect(counts.slice(2)).toHaveLength(6);
    expect(counts.slice(2).every(([, count]) => count === 1n)).toBe(true);
  });

  it("says what does not fit", async () => {
    await using counters = await counter.Counters.open(device, 64); // room for two keys
    await expect(counters.add("a key of seventeen")).rejects.toMatchObject({ code: "EW_BAD_ARGUMENT" });
    expect(await counters.add("ä", 5)).toBe(5n);
    expect(await counters.add("b")).toBe(1n);
    await expect(counters.add("c")).rejects.toMatchObject({ code: "EW_KERNEL_FAULT" });
    expect(await counters.get("c")).toBe(0n);
    expect(await counters.add("ä")).toBe(6n);
  });
});

describe("long-job", () => {
  const record = RECORDS.find(({ limit }) => limit === 1_000_000n);

  it("is parked and resumed many times, and finds the published number", async () => {
    const { start, steps, launches } = await longJob.run(device, {
      limit: 1_000_000n,
      leaseMs: 10,
      strategy: "leased",
      workgroupSize: 64,
    });
    expect({ limit: 1_000_000n, start, steps }).toEqual(record);
    expect(launches).toBeGreaterThan(10);
  });
});

describe("long-job, moved", () => {
  const folder = mkdtempSync(join(tmpdir(), "long-job-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const recipe = {
    source: new URL("../../examples/long-job.comp", import.meta.url),
    request: struct("Request", { limit: u64 }),
    response: struct("Response", { start: u64, steps: u32 }),
    state: { best: 32 },
    leaseMs: 50,
  };

  it("is saved in the middle, and finished by another kernel", async () => {
    const file = join(folder, "job.ckpt");
    const { limit, start, steps } = RECORDS[3];
    const first = await ResidentKernel.open({ device, ...recipe });
    const answer = first.call({ limit });
    const { requestsInFlight } = await first.checkpoint(file);
    expect(requestsInFlight).toBe(1);
    // The first goes on, as if nothing had been.
    expect(await answer).toEqual({ start, steps });
    await first.close();

    await using second = await ResidentKernel.restore({ file, device, ...recipe });
    expect(second.restored).toHaveLength(1);
    expect(await second.restored[0]).toEqual({ start, steps });
    expect(await second.call({ limit: 1000n })).toEqual({ start: 871n, steps: 178 });
  });
});

describe("started from the command line", () => {
  const root = packageRoot();
  const folder = join(root, "node_modules", ".cache", "everwarp-test", `examples-${process.pid}`);
  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    cpSync(join(root, "examples"), folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const sources = JSON.stringify(pathToFileURL(join(root, "src/index.ts")).href);
    for (const name of ["accumulator.ts", "counter.ts", "long-job.ts"]) {
      const file = join(folder, name);
      writeFileSync(file, readFileSync(file, "utf8").replace('"everwarp"', sources));
    }
    writeFileSync(join(folder, "words.txt"), "one two two, three three three");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ["accumulator.ts", ["3", "6", "12"], /^3\n4\.5\n7\n$/],
    ["counter.ts", ["words.txt"], /^3 three\n2 two\n1 one\n$/],
    ["long-job.ts", ["10000"], /^below 10000, 6171 takes the most steps: 261 \(\d+\.\d s, \d+ launches\)\n$/],
  ])("%s prints its results", (name, args, wanted) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", join(folder, name), ...args],
      { cwd: folder, encoding: "utf8", timeout: TEST_TIMEOUT_MS / 2 },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(wanted);
  });
});
