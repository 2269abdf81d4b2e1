/** `everwarp bench programs`, as its users call it: it starts itself again and again, so it is the bundle that is tested. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { BenchDocument } from "../../src/bench/report/document.ts";
import { numberedAnswer, numberedProgram } from "../../src/bench/programs/kernel.ts";
import { bundledCommandLine } from "../support/cli-process.ts";
import { spawned } from "../support/cli.ts";
import { testDeviceInfo } from "../support/vulkan.ts";

const root = mkdtempSync(join(tmpdir(), "everwarp-bench-programs-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function bench(
  env: Record<string, string> = {},
): Promise<{ code: number | null; document: BenchDocument }> {
  const drivers = process.env["VK_DRIVER_FILES"];
  const { code, stdout } = spawned(
    process.execPath,
    [
      await bundledCommandLine(),
      "bench",
      "programs",
      "--json",
      "--rounds",
      "1",
      "--device",
      String(testDeviceInfo().index),
    ],
    root,
    {
      env: {
        XDG_CACHE_HOME: join(root, "xdg"),
        ...(drivers === undefined ? {} : { VK_DRIVER_FILES: drivers }),
        ...env,
      },
    },
  );
  return { code, document: JSON.parse(stdout.toString("utf8")) as BenchDocument };
}

test("measures what the cache costs and saves, with the right answers", async () => {
  const { code, document } = await bench();
  expect(document.rows.filter(({ state }) => state !== "measured")).toEqual([]);
  expect(code).toBe(0);
  const rows = new Map(
    document.rows.map((row) => [
      `${row.subject}: ${row.contender}`,
      row.state === "measured" ? row.facts : undefined,
    ]),
  );
  for (const key of [
    "100 programs, whole set: first run",
    "load one entry: ours",
    "load one entry: the driver's part",
    "open: 100 on disk",
    "switch, 100 times: acquire and release",
    "a search's pipelines: driver, warm",
    "first search of a process: cold",
    "first search of a process: warm",
  ])
    expect([...rows.keys()]).toContain(key);
  expect(rows.get("100 programs, whole set: second run")).toMatchObject({
    compilations: 0,
    "disk hits": 100,
  });
  expect(Number(rows.get("100 programs, whole set: second run")?.["MiB held"])).toBeLessThan(50);
  const crowd = rows.get("16 processes at once: 8 programs each");
  expect(Number(crowd?.["at most, of one program"])).toBeLessThanOrEqual(2);
});

test("a cache that does not keep what it should is an error in the place of a number", async () => {
  const { code, document } = await bench({ EVERWARP_PROGRAM_CACHE: "off" });
  expect(code).toBe(1);
  expect(document.rows).toContainEqual(
    expect.objectContaining({ state: "failed", reason: expect.stringContaining("where 100 is right") }),
  );
  expect(document.rows.some(({ subject }) => subject === "100 programs, whole set")).toBe(false);
});

test("each program has an answer of its own", () => {
  const answers = Array.from({ length: 200 }, (_, index) => numberedAnswer(index));
  expect(new Set(answers).size).toBe(200);
  expect(numberedProgram(3)).toBe(numberedProgram(3));
  expect(numberedProgram(3)).not.toEqual(numberedProgram(4));
});
