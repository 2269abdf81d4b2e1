/** An engine whose texts a device and the host's threads hold: who answers, and what becomes of the copies. */
import { spawnSync } from "node:child_process";
import { rgPath } from "@vscode/ripgrep";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { injectFaults } from "../../src/base/faults.ts";
import { Corpus, type Query, SearchEngine } from "../../src/index.ts";
import { DeviceBackend } from "../../src/search/gpu/device-backend.ts";
import { HostBackend } from "../../src/search/host/host-backend.ts";
import { Dir } from "../support/cli.ts";
import { testDeviceInfo, watchValidation } from "../support/vulkan.ts";

watchValidation();
const { index: device } = testDeviceInfo();
const options = { device, strategy: "batch", hostCopy: true, threads: 2 } as const;

const dir = new Dir("host-copy")
  .file("dense", "one needle in a line\n".repeat(9000))
  .file("rare", "some words\nand a pin 42\n")
  .file("marked", "\ufeffneedle\n");
afterAll(() => dir.remove());
afterEach(() => vi.restoreAllMocks());

const list = (): Promise<Corpus> => Corpus.list(["./"], { cwd: dir.path, sort: "path" });

/** Matches by ripgrep. */
function ripgrepCount(...flags: string[]): number {
  const run = spawnSync(rgPath, ["--no-config", "--count-matches", "--no-filename", ...flags, "./"], {
    cwd: dir.path,
  });
  return run.stdout
    .toString()
    .split("\n")
    .reduce((sum, line) => sum + Number(line), 0);
}

/** Runs a query, and says which backends were asked, in order. */
async function asked(
  engine: SearchEngine,
  query: Query,
  how: "search" | "count" | "stream",
): Promise<[string[], number]> {
  const names: string[] = [];
  for (const [name, backend] of [
    ["device", DeviceBackend],
    ["threads", HostBackend],
  ] as const) {
    const real = backend.prototype.submit;
    vi.spyOn(backend.prototype, "submit").mockImplementation(function (this: never, ...given) {
      names.push(name);
      return (real as (...args: typeof given) => ReturnType<typeof real>).apply(this, given);
    });
  }
  let count = 0;
  if (how === "count") count = await engine.count(query);
  else if (how === "search") ({ count } = await engine.search(query));
  else for await (const part of engine.submit(query)) count += part.count;
  vi.restoreAllMocks();
  return [names, count];
}

it.each<[Query, string[], "search" | "count" | "stream", string[]]>([
  [{ pattern: "pin 42" }, ["pin 42"], "search", ["device"]],
  [{ pattern: "needle" }, ["needle"], "search", ["device", "threads"]],
  [{ pattern: "needle" }, ["needle"], "stream", ["device", "threads"]],
  [{ pattern: "needle" }, ["needle"], "count", ["device"]],
  [{ pattern: String.raw`pin \d+` }, [String.raw`pin \d+`], "search", ["threads"]],
  [{ pattern: String.raw`^\w+` }, [String.raw`^\w+`], "count", ["threads"]],
])(
  "%j finds what ripgrep finds, and goes where it is answered soonest",
  async (query, flags, how, backends) => {
    await using engine = await SearchEngine.open({ ...options, corpus: await list() });
    expect(await asked(engine, query, how)).toEqual([backends, ripgrepCount(...flags)]);
  },
);

it("blocking searches change over to the threads, too", async () => {
  await using engine = await SearchEngine.open({ ...options, corpus: await list() });
  const result = engine.searchSync({ pattern: "needle" }, { timeoutMs: 60_000 });
  expect(result.count).toBe(9001);
  expect([result.path(9000), result.line[9000], result.column[9000]]).toEqual(["./marked", 1, 1]);
  const search = engine.submit({ pattern: "needle", maxHits: 5000 });
  while (!search.done) await new Promise(setImmediate);
  const { count, truncated } = await search.wait();
  expect({ count, truncated }).toEqual({ count: 5000, truncated: true });
});

it("says what the copies take, and frees them with their corpus", async () => {
  const corpus = await list();
  await using engine = await SearchEngine.open({ ...options, corpora: [corpus, await list()] });
  const { hostCopyBytes, memoryBytes } = engine.stats();
  expect(hostCopyBytes).toBeGreaterThanOrEqual(memoryBytes / 1.5);
  await engine.removeCorpus(corpus);
  expect(engine.stats().hostCopyBytes).toBeLessThan(hostCopyBytes);
  expect((await engine.search({ pattern: String.raw`pin \d+` })).lineText(0)).toBe("and a pin 42");
});

it("keeps no copy beside a software device unless it is asked for, nor beside threads", async () => {
  const corpus = await list();
  for (const choice of [
    { device, strategy: "batch" },
    { ...options, hostCopy: false },
    { device: "cpu", hostCopy: true },
  ] as const) {
    await using engine = await SearchEngine.open({ ...choice, corpus });
    expect(engine.stats().hostCopyBytes).toBe(0);
    expect(await engine.count({ pattern: "needle" })).toBe(9001);
  }
});

it("reads no file again when the device was lost: the copy is loaded", async () => {
  await using engine = await SearchEngine.open({ ...options, corpus: await list() });
  const loaded = vi.spyOn(HostBackend.prototype, "load");
  {
    using _faults = injectFaults("device-lost@submit");
    await expect(engine.search({ pattern: "pin" })).rejects.toMatchObject({ code: "EW_DEVICE_LOST" });
  }
  expect((await engine.search({ pattern: "pin" })).count).toBe(1);
  expect((await engine.search({ pattern: "needle" })).count).toBe(9001);
  expect(engine.stats().recoveries).toBe(1);
  expect(loaded).not.toHaveBeenCalled();
});
