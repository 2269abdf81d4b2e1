/**
 * A search can be called off, has a time, and gives its hits while it goes on: the same on the host and on a device.
 */
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Corpus, type Query, type Search, SearchEngine, type SearchResult } from "../../src/index.ts";
import { HostBackend } from "../../src/search/host/host-backend.ts";
import { TaskRun } from "../../src/search/verifier/index.ts";
import { Dir } from "../support/cli.ts";
import { engineKinds } from "../support/search-engines.ts";
import { type Hit, resultHits, ripgrepHits } from "../support/search-oracle.ts";
import { patientMs } from "../support/patience.ts";

const kinds = (await engineKinds()).filter(({ name }) => name === "host" || name.endsWith(", batch"));
const failing = (code: string): Error => expect.objectContaining({ code }) as Error;

const dirs: Dir[] = [];
const directory = (): Dir => {
  const dir = new Dir("limits");
  dirs.push(dir);
  return dir;
};
afterEach(() => vi.restoreAllMocks());
afterAll(() => dirs.forEach((dir) => dir.remove()));

const everything = (dir: Dir): Promise<Corpus> =>
  Corpus.list(["./"], { cwd: dir.path, hidden: true, noIgnoreDot: true, noIgnoreVcs: true });

async function runsOf(search: Search): Promise<SearchResult[]> {
  const runs: SearchResult[] = [];
  for await (const run of search) runs.push(run);
  return runs;
}

const words = ["a", "ab", "k", "K", "task", "ma\u017f", "\u212a", "x.y", "\n", "\n", " "];
const content = fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join(""));
const query: fc.Arbitrary<Query> = fc.record(
  {
    pattern: fc.constantFrom("a", "aa", "k", "task", "^a", "[ak]b?", "\\w+", "x.y", "q", "$"),
    ignoreCase: fc.boolean(),
    wordRegexp: fc.boolean(),
  },
  { requiredKeys: ["pattern"] },
);

describe.each(kinds)("$name", ({ options, isDevice }) => {
  let engine: SearchEngine;
  beforeAll(async () => {
    engine = await SearchEngine.open(options);
  });
  afterAll(() => engine?.close());

  async function holding<T>(dir: Dir, body: (corpus: Corpus) => Promise<T>): Promise<T> {
    const corpus = await everything(dir);
    await engine.addCorpus(corpus);
    try {
      return await body(corpus);
    } finally {
      await engine.removeCorpus(corpus);
    }
  }

  it("streams what wait gives and ripgrep finds, in the same order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(content, { minLength: 1, maxLength: 6 }), query, async (contents, each) => {
        const dir = directory();
        contents.forEach((text, index) => dir.file(`f${index}`, text));
        await holding(dir, async (corpus) => {
          const whole = await engine.search({ ...each, corpus });
          const runs = await runsOf(engine.submit({ ...each, corpus }));
          expect(runs.flatMap((run) => columns(run))).toEqual(columns(whole));
          expect(runs.flatMap((run) => resultHits(run)).toSorted(byText)).toEqual(
            ripgrepHits(dir.path, each).toSorted(byText),
          );
          expect(runs.every(({ truncated }) => !truncated)).toBe(true);
        });
        dir.remove();
      }),
      { numRuns: isDevice ? 10 : 30 },
    );
  });

  it("fails at once when its signal is aborted, also one that was aborted before", async () => {
    const dir = directory().file("f", "needle\n".repeat(100));
    await holding(dir, async (corpus) => {
      const before = engine.stats();
      const reason = new Error("not wanted");
      const controller = new AbortController();
      const searches = ["needle", "n[e]+dle", "^"].map((pattern) =>
        engine.submit({ pattern, corpus }, { signal: controller.signal }),
      );
      const ends = Promise.allSettled(searches.map((search) => search.wait()));
      controller.abort(reason);
      for (const end of await ends)
        expect(end).toMatchObject({ status: "rejected", reason: { code: "EW_ABORTED", cause: reason } });
      for (const search of searches) {
        await expect(search.wait()).rejects.toThrow(failing("EW_ABORTED"));
        expect(() => search.waitSync({ timeoutMs: 1 })).toThrow(failing("EW_ABORTED"));
        expect(() => search.done).toThrow(failing("EW_ABORTED"));
      }
      const late = engine.submit({ pattern: "needle", corpus }, { signal: controller.signal });
      await expect(late.wait()).rejects.toThrow(failing("EW_ABORTED"));
      await expect(
        engine.search({ pattern: "needle", corpus }, { signal: controller.signal }),
      ).rejects.toThrow(failing("EW_ABORTED"));
      expect(engine.stats().cancelled - before.cancelled).toBe(5);
      expect((await engine.search({ pattern: "needle", corpus })).count).toBe(100);
      expect(engine.stats()).toMatchObject({ inFlight: before.inFlight, pending: 0 });
    });
  });

  it("keeps the result that came before its signal was aborted", async () => {
    const dir = directory().file("f", "needle\n");
    await holding(dir, async (corpus) => {
      const controller = new AbortController();
      const search = engine.submit({ pattern: "needle", corpus }, { signal: controller.signal });
      const result = await search.wait();
      controller.abort();
      expect(await search.wait()).toBe(result);
    });
  });

  it("does not fail before its time is over", async () => {
    const dir = directory().file("f", "needle\n");
    await holding(dir, async (corpus) => {
      const timeoutMs = patientMs(60_000);
      expect((await engine.search({ pattern: "needle", corpus }, { timeoutMs })).count).toBe(1);
      expect((await engine.search({ pattern: "^n", corpus }, { timeoutMs: Infinity })).count).toBe(1);
    });
  });

  it("is called off when the loop over its hits is left", async () => {
    const dir = directory();
    for (let file = 0; file < 20; file++) dir.file(`f${file}`, "needle\n".repeat(50));
    await holding(dir, async (corpus) => {
      const before = engine.stats();
      const search = engine.submit({ pattern: "n[e]+dle", corpus });
      for await (const run of search) {
        expect(run.count).toBeGreaterThan(0);
        expect(run.lineText(0)).toBe("needle");
        break;
      }
      await expect(search.wait()).rejects.toThrow(failing("EW_BAD_ARGUMENT"));
      expect(engine.stats()).toMatchObject({ inFlight: before.inFlight, cancelled: before.cancelled + 1 });
    });
  });

  it("is either waited for or streamed, once", async () => {
    const dir = directory().file("f", "needle\n");
    await holding(dir, async (corpus) => {
      const streamed = engine.submit({ pattern: "n[e]edle", corpus });
      expect(await runsOf(streamed)).toHaveLength(1);
      await expect(streamed.wait()).rejects.toThrow(failing("EW_BAD_ARGUMENT"));
      expect(() => streamed.done).toThrow(failing("EW_BAD_ARGUMENT"));
      await expect(runsOf(streamed)).rejects.toThrow(failing("EW_BAD_ARGUMENT"));
      const awaited = engine.submit({ pattern: "n[e]edle", corpus });
      const result = await awaited.wait();
      expect(await runsOf(awaited)).toEqual([result]);
    });
  });
});

describe("the host's part of a search", () => {
  const byEach: Query = { pattern: "n[e]+dle|^$|(a|b)*a(a|b){20}" }; // has no automaton
  const fileCount = 12;
  const dir = directory();
  for (let file = 0; file < fileCount; file++) dir.file(`f${file}`, `needle ${file}\n\nneedle\n`);

  /** Makes every slice end with the step that it begins with: a file takes a few. */
  function shortSlices(): void {
    const step = Reflect.get(TaskRun.prototype, "step") as TaskRun["step"];
    vi.spyOn(TaskRun.prototype, "step").mockImplementation(function (this: TaskRun) {
      return step.call(this, () => true);
    });
  }

  it("gives the hits of a file as soon as the file was searched", async () => {
    await using engine = await SearchEngine.open({
      device: "cpu",
      threads: 1,
      corpus: await everything(dir),
    });
    const whole = await engine.search(byEach);
    shortSlices();
    const runs = await runsOf(engine.submit(byEach));
    expect(runs.map((run) => new Set(run.file))).toEqual(
      Array.from({ length: fileCount }, (_, file) => new Set([file])),
    );
    expect(runs.flatMap((run) => columns(run))).toEqual(columns(whole));
    const limited = await runsOf(engine.submit({ ...byEach, maxHits: 7 }));
    expect(limited.reduce((sum, { count }) => sum + count, 0)).toBe(7);
    expect(limited.map(({ truncated }) => truncated)).toEqual([false, false, true]);
    const exact = await runsOf(engine.submit({ ...byEach, maxHits: 3 * fileCount }));
    expect(exact.some(({ truncated }) => truncated)).toBe(false);
  });

  it("goes no further than the file that it is at when the search is called off", async () => {
    await using engine = await SearchEngine.open({
      device: "cpu",
      threads: 1,
      corpus: await everything(dir),
    });
    shortSlices();
    const controller = new AbortController();
    const search = engine.submit(byEach, { signal: controller.signal });
    const files: number[] = [];
    const reading = (async () => {
      for await (const run of search) {
        files.push(...new Set(run.file));
        if (files.length === 3) controller.abort();
      }
    })();
    await expect(reading).rejects.toThrow(failing("EW_ABORTED"));
    expect(files).toEqual([0, 1, 2]);
    expect(engine.stats()).toMatchObject({ cancelled: 1, inFlight: 0 });
  });
});

describe("a search that waits for room in the queue", () => {
  it("is never sent once it was called off, and those behind it are", async () => {
    const dir = directory().file("f", "needle\n");
    await using engine = await SearchEngine.open({
      device: "cpu",
      threads: 1,
      corpus: await everything(dir),
    });
    const sending = vi.spyOn(HostBackend.prototype, "submit");
    const controller = new AbortController();
    const searches = Array.from({ length: 300 }, (_, index) =>
      engine.submit({ pattern: "needle" }, index % 100 === 99 ? { signal: controller.signal } : undefined),
    );
    expect(engine.stats().pending).toBeGreaterThan(0);
    const results = Promise.allSettled(searches.map((search) => search.wait()));
    controller.abort();
    const ends = await results;
    for (const [index, end] of ends.entries()) {
      if (index % 100 === 99) expect(end).toMatchObject({ reason: { code: "EW_ABORTED" } });
      else expect(end).toMatchObject({ value: { count: 1 } });
    }
    const accepted =
      sending.mock.settledResults.length - sending.mock.results.filter(({ type }) => type === "throw").length;
    expect(accepted).toBe(299);
    expect(engine.stats()).toMatchObject({ answered: 297, cancelled: 3, inFlight: 0, pending: 0 });
  });

  it("ends for its caller also where the backend never answers", async () => {
    const dir = directory().file("f", "needle\n");
    const engine = await SearchEngine.open({ device: "cpu", threads: 1, corpus: await everything(dir) });
    const cancel = vi.fn();
    vi.spyOn(HostBackend.prototype, "submit").mockReturnValue({
      done: false,
      wait: () => new Promise<never>(() => undefined),
      waitSync: () => false,
      result: () => {
        throw new Error("there is none");
      },
      cancel,
    });
    const controller = new AbortController();
    const search = engine.submit({ pattern: "needle" }, { signal: controller.signal });
    const end = expect(search.wait()).rejects.toThrow(failing("EW_ABORTED"));
    await new Promise(setImmediate);
    controller.abort();
    await end;
    await expect(engine.search({ pattern: "needle" }, { timeoutMs: 1 })).rejects.toThrow(
      failing("EW_TIMEOUT"),
    );
    expect(() => engine.searchSync({ pattern: "needle" }, { timeoutMs: 1 })).toThrow(
      expect.objectContaining({ code: "EW_TIMEOUT", message: expect.not.stringContaining("goes on") }),
    );
    const blocked = engine.submit({ pattern: "needle" }, { timeoutMs: 5 });
    expect(() => blocked.waitSync({ timeoutMs: 0 })).toThrow(failing("EW_TIMEOUT")); // the search goes on …
    expect(engine.stats()).toMatchObject({ cancelled: 3, inFlight: 1 });
    await expect(blocked.wait()).rejects.toThrow(failing("EW_TIMEOUT")); // … until its own time is over
    expect(() => blocked.waitSync({ timeoutMs: 0 })).toThrow(failing("EW_TIMEOUT"));
    expect(cancel).toHaveBeenCalledTimes(4);
    expect(engine.stats()).toMatchObject({ cancelled: 4, inFlight: 0 });
    await engine.close();
  });
});

/** Hits as they come: file, line, column, offset, length. */
function columns({ count, file, line, column, offset, length }: SearchResult): number[][] {
  return Array.from({ length: count }, (_, index) =>
    [file, line, column, offset, length].map((values) => values[index] as number),
  );
}

function byText(a: Hit, b: Hit): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
