/** Counting costs less than finding, and counts what would be found: the same on the host and on a device. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Corpus, type Query, SearchEngine } from "../../src/index.ts";
import type { Backend } from "../../src/search/backend/index.ts";
import { DeviceBackend } from "../../src/search/gpu/device-backend.ts";
import { HostBackend } from "../../src/search/host/host-backend.ts";
import { Dir } from "../support/cli.ts";
import { patientMs } from "../support/patience.ts";
import { engineKinds } from "../support/search-engines.ts";

const kinds = (await engineKinds()).filter(({ name }) => name === "host" || name.endsWith(", batch"));

const words = ["a", "ab", "aa", "k", "task", "ma\u017f", "\u212a", "x.y", "\n", "\n", " ", "\ufeff"];
const content = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join(""));
const query: fc.Arbitrary<Query> = fc.record(
  {
    pattern: fc.constantFrom<string | string[]>(
      "a",
      "aa",
      "k",
      "task",
      "x.y",
      "q",
      "s",
      ["ab", "k"],
      ["a", "ab"],
    ),
    fixedStrings: fc.constant(true),
    ignoreCase: fc.boolean(),
    maxHits: fc.constantFrom(1, 3, 1000),
  },
  { requiredKeys: ["pattern", "fixedStrings"] },
);

describe.each(kinds)("$name", ({ options, isDevice }) => {
  let engine: SearchEngine;
  const dirs: Dir[] = [];
  beforeAll(async () => {
    engine = await SearchEngine.open(options);
  });
  afterAll(async () => {
    await engine?.close();
    for (const dir of dirs) dir.remove();
  });

  async function holding(files: readonly string[], body: (corpus: Corpus) => Promise<void>): Promise<void> {
    const dir = new Dir("count");
    dirs.push(dir);
    files.forEach((text, index) => dir.file(`f${index}`, text));
    const corpus = await Corpus.list([dir.path]);
    await engine.addCorpus(corpus);
    try {
      await body(corpus);
    } finally {
      await engine.removeCorpus(corpus);
    }
  }

  it("counts what a search finds", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(content, { minLength: 1, maxLength: 6 }),
        fc.array(query, { minLength: 1, maxLength: 4 }),
        async (files, queries) => {
          await holding(files, async (corpus) => {
            const counts = queries.map((each) => engine.count({ ...each, corpus }));
            for (const [index, each] of queries.entries()) {
              const { count } = await engine.search({ ...each, corpus });
              expect(await counts[index], JSON.stringify(each)).toBe(count);
              const timeoutMs = patientMs(20_000);
              expect(engine.countSync({ ...each, corpus }, { timeoutMs }), JSON.stringify(each)).toBe(count);
            }
          });
        },
      ),
      { numRuns: isDevice ? 8 : 30 },
    );
  });

  it("counts more hits than any memory of hits has room for", async () => {
    const line = "many few many\n";
    await holding([line.repeat(100_000), line.repeat(10)], async (corpus) => {
      expect(await engine.count({ pattern: "many", corpus })).toBe(200_020);
      expect(await engine.count({ pattern: ["many", "few"], corpus })).toBe(300_030);
      expect(await engine.count({ pattern: "many", corpus, maxHits: 50 })).toBe(50);
      expect((await engine.search({ pattern: "many", corpus })).count).toBe(200_020);
    });
  });

  it("asks for no hits where each occurrence is one", async () => {
    const submitted = vi.spyOn((isDevice ? DeviceBackend : HostBackend).prototype as Backend, "submit");
    await holding(["task task\n", "mask\n"], async (corpus) => {
      await engine.count({ pattern: "task", corpus });
      await engine.count({ pattern: "aa", corpus });
      await engine.count({ pattern: "task", ignoreCase: true, corpus });
    });
    expect(submitted.mock.calls.map(([, { countOnly = false }]) => countOnly)).toEqual([
      true, // each occurrence is a hit
      false, // occurrences may overlap
      false, // letters beyond ASCII fold to s and k
      false, // in which files that is so
    ]);
    submitted.mockRestore();
  });

  it("is called off as a search is", async () => {
    await holding(["task\n"], async (corpus) => {
      const counting = engine.count({ pattern: "task", corpus }, { signal: AbortSignal.abort() });
      await expect(counting).rejects.toMatchObject({ code: "EW_ABORTED" });
      await expect(engine.count({ pattern: "(", corpus })).rejects.toMatchObject({ code: "EW_BAD_PATTERN" });
      expect(() => engine.countSync({ pattern: "(", corpus })).toThrow(
        expect.objectContaining({ code: "EW_BAD_PATTERN" }),
      );
    });
  });
});
