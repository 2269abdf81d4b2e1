/** The numbers are those of docs/decisions/0009-one-search-on-the-host.md. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import type { Plan } from "../contracts.ts";
import type { GrepOptions } from "./options.ts";
import { bytesWorthDevice, estimatedSize, oneShotCost, paysOnDevice } from "./one-shot-cost.ts";

const folder = mkdtempSync(join(tmpdir(), "everwarp-cost-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plan = (literals: number): Plan => ({
  kind: "literals",
  literals: Array.from({ length: literals }, () => ({
    bytes: Buffer.from("needle"),
    ignoreAsciiCase: false,
  })),
  foldExceptions: [],
});

const GB = 1e9;

test("the trees that were measured belong to the host", () => {
  // H200, 16 cores: 69,606 files. The process took 0.27 s more than Node on the host; on the device 0.7 s were loading.
  const record = oneShotCost({ files: 69_606, bytes: 0.785 * GB }, plan(1), 8);
  expect(record.hostMs).toBeGreaterThan(150);
  expect(record.hostMs).toBeLessThan(350);
  expect(record.deviceMs).toBeGreaterThan(600);
  // The issue's: 25,127 files.
  const issue = oneShotCost({ files: 25_127, bytes: 0.388 * GB }, plan(1), 8);
  expect(issue.hostMs).toBeLessThan(0.3 * issue.deviceMs);
});

test("one literal is never worth a device, however much there is", () => {
  for (const threads of [1, 2, 8, 12]) {
    expect(bytesWorthDevice(plan(1), threads)).toBe(Infinity);
    const { hostMs, deviceMs } = oneShotCost({ files: 36, bytes: 22 * GB }, plan(1), threads);
    expect(hostMs).toBeLessThan(deviceMs);
  }
});

test("several literals on a single thread are, from some gigabytes on", () => {
  const worth = bytesWorthDevice(plan(16), 1);
  expect(worth).toBeGreaterThan(GB);
  expect(worth).toBeLessThan(3 * GB);
  for (const [factor, isHost] of [
    [0.99, true],
    [1.01, false],
  ] as const) {
    const { hostMs, deviceMs } = oneShotCost({ files: 1000, bytes: factor * worth }, plan(16), 1);
    expect(hostMs < deviceMs).toBe(isHost);
  }
  expect(bytesWorthDevice(plan(16), 2)).toBe(Infinity);
});

test("files are listed only where it depends on them", () => {
  const list = vi.fn(() => []);
  const options = (workerThreads: number, encoding = "auto", paths = ["."]): GrepOptions =>
    ({ workerThreads, paths, walk: {}, searcher: { searcher: { encoding } } }) as unknown as GrepOptions;
  expect(paysOnDevice(options(1), plan(1), list)).toBe(false);
  expect(paysOnDevice(options(12), plan(16), list)).toBe(false);
  expect(paysOnDevice(options(1, "latin1"), plan(16), list)).toBe(false);
  expect(paysOnDevice(options(1, "auto", ["-"]), plan(16), list)).toBe(false);
  expect(paysOnDevice(options(1), { kind: "whole" } as Plan, list)).toBe(false);
  expect(list).not.toHaveBeenCalled();
  expect(paysOnDevice(options(1), plan(16), list)).toBe(false);
  expect(list).toHaveBeenCalled();
});

test("the size is told from a sample, and files that are gone count nothing", () => {
  const files = Array.from({ length: 1000 }, (_, index) => {
    const path = join(folder, String(index));
    if (index % 2 === 0) writeFileSync(path, "x".repeat(100));
    return { path, explicit: false };
  });
  const { files: count, bytes } = estimatedSize(files);
  expect(count).toBe(1000);
  expect(bytes).toBeGreaterThan(25_000);
  expect(bytes).toBeLessThan(75_000);
  expect(estimatedSize(files.slice(0, 3))).toEqual({ files: 3, bytes: 200 });
  expect(estimatedSize([])).toEqual({ files: 0, bytes: 0 });
});
