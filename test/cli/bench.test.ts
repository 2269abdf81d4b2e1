/**
 * `everwarp bench` as its users call it: cases run for real, on the software device and on the host, and a wrong answer must not become a
 * number.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/command-line.ts";
import { type BenchDocument, type MeasuredRow, summarize } from "../../src/bench/report/document.ts";
import {
  type GeneratedCorpora,
  type GeneratedCorpus,
  generatedCorpora,
} from "../../src/bench/corpora/generated-corpus.ts";
import { TABLE } from "../../src/bench/search/query-table.ts";
import { measureInTurn } from "../../src/bench/measure/measure.ts";
import { rowLine } from "../../src/bench/report/table.ts";
import { type BenchOverrides, run as runBench } from "../../src/cli/commands/bench.ts";
import { scanReference } from "../../src/search/reference/index.ts";
import { captured } from "../support/environment.ts";
import { testDeviceInfo } from "../support/vulkan.ts";
import { patientMs } from "../support/patience.ts";

const folder = mkdtempSync(join(tmpdir(), "everwarp-bench-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const device = testDeviceInfo();

/** 64 KiB whatever is asked for: a software device takes seconds for a burst on more. */
function smallCorpora(change: (corpus: GeneratedCorpus) => GeneratedCorpus = (it) => it): GeneratedCorpora {
  const all = generatedCorpora();
  return {
    ofSize: async () => change(await all.ofSize(64 << 10)),
    drop: () => undefined,
    [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
  };
}

async function bench(
  argv: string[],
  overrides: BenchOverrides = {},
): Promise<{ code: number; document: BenchDocument }> {
  const { environment, out } = captured();
  const code = await runBench([...argv, "--json"], environment, { corpora: smallCorpora, ...overrides });
  return { code, document: JSON.parse(out()) as BenchDocument };
}

const measured = ({ rows }: BenchDocument): MeasuredRow[] => rows.filter((row) => row.state === "measured");

describe("everwarp bench", () => {
  test("measures the device and the host, and says with what", async () => {
    const record = join(folder, "record");
    const argv = [
      "roundtrip",
      "search/burst",
      "--device",
      String(device.index),
      "--rounds",
      "3",
      "--record",
      record,
    ];
    const { code, document } = await bench(argv);
    expect(document.rows.filter(({ state }) => state === "failed")).toEqual([]);
    expect(code).toBe(0);
    expect(document).toMatchObject({ format: "everwarp-bench", version: 1, isComplete: true });
    expect(document.environment).toMatchObject({
      node: process.version,
      devices: expect.arrayContaining([expect.objectContaining({ name: device.name })]),
    });
    const contenders = (name: string): string[] =>
      measured(document)
        .filter((row) => row.case === name)
        .map(({ contender }) => contender);
    expect(contenders("roundtrip")).toEqual(expect.arrayContaining(["dispatch", "redispatch", "batch"]));
    expect(contenders("search/burst")).toEqual(expect.arrayContaining(["host", "dispatch"]));
    for (const { timing } of measured(document)) {
      const { minUs, p50Us, p90Us, p99Us, maxUs, meanUs, sampleCount, quantilesUs } = timing;
      // Three were asked for; a machine that is busy with other things may have no time for all.
      expect(sampleCount).toBeGreaterThanOrEqual(1);
      expect(sampleCount).toBeLessThanOrEqual(3);
      expect(minUs).toBeGreaterThan(0);
      expect([minUs, p50Us, p90Us, p99Us, maxUs]).toEqual(
        [minUs, p50Us, p90Us, p99Us, maxUs].toSorted((a, b) => a - b),
      );
      expect(meanUs).toBeGreaterThanOrEqual(minUs);
      expect(quantilesUs).toHaveLength(21);
    }
    const burst = measured(document).find((row) => row.case === "search/burst");
    expect(burst?.throughput).toEqual({
      unit: "requests/s",
      value: Math.round(1e8 / (burst?.timing.p50Us ?? 0)),
    });
    const recorded = JSON.parse(readFileSync(join(record, "raw.json"), "utf8")) as BenchDocument;
    expect(recorded.rows).toEqual(document.rows);
  });

  test("types a word on the host: every key is checked", async () => {
    const { code, document } = await bench(["search/typing", "--device", "cpu", "--rounds", "2"]);
    expect(code).toBe(0);
    expect(document.rows).toMatchObject([
      { contender: "host", state: "measured", timing: { sampleCount: 2 } },
    ]);
  });

  test("a wrong count is an error and no number", async () => {
    const tampered = (corpus: GeneratedCorpus): GeneratedCorpus => ({
      ...corpus,
      burst: corpus.burst.map((query, index) => (index === 57 ? { ...query, hits: query.hits + 1 } : query)),
    });
    const { code, document } = await bench(["search/burst", "--device", "cpu", "--rounds", "2"], {
      corpora: () => smallCorpora(tampered),
    });
    expect(code).toBe(1);
    expect(document.rows).toMatchObject([
      {
        contender: "host",
        state: "failed",
        reason: expect.stringMatching(/"quest_057_end": 1 where 2 is right.*EW_BENCH_WRONG_RESULT/),
      },
    ]);
  });

  test("a needle that is not there is an error and no number", async () => {
    const tampered = (corpus: GeneratedCorpus): GeneratedCorpus => ({
      ...corpus,
      burst: corpus.burst.map((query, index) =>
        index === 3 ? { ...query, pattern: "quest_999_end" } : query,
      ),
    });
    const { code, document } = await bench(["search/burst", "--device", "cpu", "--rounds", "1"], {
      corpora: () => smallCorpora(tampered),
    });
    expect(code).toBe(1);
    expect(document.rows).toMatchObject([
      { state: "failed", reason: expect.stringContaining("quest_999_end") },
    ]);
  });

  test("searches a tree beside ripgrep, with its counts", async () => {
    const tree = join(folder, "tree.txt");
    writeFileSync(tree, "CONFIG_A CONFIG_B\nSuspend suspend\nPM_SUSPEND\n".repeat(50));
    const { document } = await bench([
      "search/tree",
      tree,
      "--device",
      "cpu",
      "--rounds",
      "1",
      "--query",
      "rare=config",
    ]);
    expect(document.rows.filter(({ state }) => state === "failed")).toEqual([]);
    const hits = measured(document)
      .filter(({ contender, facts }) => contender === "host" && facts["pattern"] !== undefined)
      .map(({ subject, facts }) => [subject, facts["hits"]]);
    expect(hits).toEqual([
      ["none", 0],
      ["rare", 0],
      ["common", 100],
      ["ignore-case", 150],
      ["regex", 50],
    ]);
    expect(measured(document).map(({ contender }) => contender)).toContain("rg, whole process");
  });

  test("asks the queries of the table, and compares every hit with ripgrep's", async () => {
    const tree = join(folder, "queries");
    mkdirSync(tree);
    const text = "import numpy\n\n  pass\npass\r\n# TODO é Γ \nint s=1234567;\nERR_NOT_FOUND_ERR\tx@y.com\n";
    for (const name of ["a.py", "b.py", ".hidden", "ignored"]) writeFileSync(join(tree, name), text);
    writeFileSync(join(tree, "marked.txt"), `\uFEFF${text}`);
    writeFileSync(join(tree, "wide.txt"), Buffer.from(`\uFEFF${text}`, "utf16le"));
    writeFileSync(join(tree, "binary"), `${text}\0${text}`);
    writeFileSync(join(tree, ".ignore"), "ignored\n");
    const { code, document } = await bench(["search/queries", tree, "--device", "cpu", "--rounds", "1"]);
    expect(document.rows.filter(({ state }) => state !== "measured")).toEqual([]);
    expect(code).toBe(0);
    const names = measured(document).map(({ subject, contender }) => `${subject} by ${contender}`);
    for (const { name } of TABLE)
      for (const by of ["host", "host, count only", "rg", "rg, count only"])
        expect(names).toContain(`${name} by ${by}`);
    const hits = (name: string): unknown =>
      measured(document).find(({ subject, contender }) => subject === name && contender === "host")?.facts[
        "hits"
      ];
    expect(["import numpy", "-w s", "^$", "\\p{Greek}", "absent"].map(hits)).toEqual([5, 5, 5, 5, undefined]);
    expect(document.summaries).toMatchObject([
      { contender: "host", facts: { queries: TABLE.length, failed: 0 } },
      { contender: "host, count only" },
    ]);
    expect(document.notes?.["search/queries"]).toContain("count, file, line, column, offset and length");
  });

  test("asks some of the table's queries", async () => {
    const tree = join(folder, "tree.txt");
    writeFileSync(tree, "one\n");
    const argv = ["search/queries", tree, "--device", "cpu", "--rounds", "1"];
    const { document } = await bench([...argv, "--only=-w s", "--only", "empty"]);
    expect(new Set(document.rows.map(({ subject }) => subject))).toEqual(new Set(["-w s", "^$", "^\\s*$"]));
    const none = await bench([...argv, "--only", "no such query"]);
    expect(none.document.rows).toMatchObject([
      { state: "skipped", reason: expect.stringContaining("--only") },
    ]);
  });

  test("lists its cases, and names what it does not know", async () => {
    const { environment, out } = captured();
    expect(await main(["bench", "--list"], environment)).toBe(0);
    for (const name of [
      "roundtrip",
      "search/size",
      "search/burst",
      "search/typing",
      "search/tree",
      "startup",
    ])
      expect(out()).toContain(name);
    for (const argv of [
      ["bogus"],
      ["--rounds", "0"],
      ["--strategy", "bogus"],
      ["--query", "bogus=x"],
      ["--bogus"],
    ]) {
      const unknown = captured();
      expect(await main(["bench", ...argv], unknown.environment)).toBe(2);
      expect(unknown.errors()).toMatch(/bogus|rounds/);
    }
  });

  test("what cannot be opened is skipped, with the reason", async () => {
    const { code, document } = await bench(["search/burst", "--device", "no such device", "--rounds", "1"]);
    expect(code).toBe(0);
    const byContender = Object.fromEntries(document.rows.map((row) => [row.contender, row]));
    expect(byContender["device"]).toMatchObject({
      state: "skipped",
      reason: expect.stringContaining("no such device"),
    });
    expect(byContender["host"]).toMatchObject({ state: "measured" });
  });
});

describe("its parts", () => {
  test("needles are where the corpus says, by the slow reference", async () => {
    await using corpora = generatedCorpora();
    const { corpus, rare, tens, ignoreCase, burst } = await corpora.ofSize(64 << 10);
    const files = Array.from({ length: corpus.fileCount }, (_, file) =>
      readFileSync(corpus.files.openPath(file)),
    );
    expect(files.reduce((sum, { length }) => sum + length, 0)).toBe(64 << 10);
    for (const query of [rare, tens, ignoreCase, ...burst.slice(0, 3)]) {
      const literal = { bytes: Buffer.from(query.pattern), ignoreAsciiCase: query.ignoreCase };
      const count = files.reduce((sum, bytes) => sum + scanReference(bytes, literal).length, 0);
      expect([query.pattern, count]).toEqual([query.pattern, query.hits]);
    }
  });

  test("quantiles are samples: nearest rank", () => {
    const timing = summarize(Array.from({ length: 100 }, (_, index) => 100 - index));
    expect(timing).toMatchObject({
      minUs: 1,
      p50Us: 50,
      p90Us: 90,
      p99Us: 99,
      maxUs: 100,
      meanUs: 50.5,
      sampleCount: 100,
    });
    expect(summarize([7])).toMatchObject({ minUs: 7, p50Us: 7, p99Us: 7 });
  });

  test("contenders take turns, and one who is slow ends by its budget", async () => {
    const order: string[] = [];
    const slowMs = patientMs(40);
    const fast = { run: () => void order.push("fast"), check: () => undefined };
    const slow = {
      run: async () => {
        order.push("slow");
        await new Promise((resolve) => setTimeout(resolve, slowMs));
      },
      check: () => undefined,
    };
    const samples: number[][] = [[], []];
    const limits = {
      minSamples: 1,
      maxSamples: 10,
      budgetMs: 2.5 * slowMs,
      giveUpMs: 2.5 * slowMs,
      maxWarmup: 0,
    };
    await measureInTurn([fast, slow], samples, limits, new AbortController().signal);
    expect(order.slice(0, 4)).toEqual(["fast", "slow", "fast", "slow"]);
    expect(samples[0]).toHaveLength(10);
    expect(samples[1]?.length).toBeLessThanOrEqual(4);
    expect(Math.min(...(samples[1] as number[]))).toBeGreaterThan(900 * slowMs);
  });

  test("sampling ends when it is told to", async () => {
    const stop = new AbortController();
    const contender = {
      run: () => new Promise<void>((resolve) => setTimeout(resolve, 60)),
      check: () => stop.abort(new Error("told to")),
    };
    const limits = { minSamples: 100, maxSamples: 100, budgetMs: 1e6, giveUpMs: 1e6, maxWarmup: 0 };
    await expect(measureInTurn([contender], [[]], limits, stop.signal)).rejects.toThrow("told to");
  });

  test("a row is one line, its columns in place", () => {
    const key = { case: "roundtrip", subject: "echo", contender: "persistent" };
    const timing = summarize([1234.5, 2.346]);
    const throughput = { value: 4.2e12, unit: "bytes/s" } as const;
    const line = rowLine({ ...key, state: "measured", expected: "", timing, throughput, facts: { hits: 3 } });
    expect(line).toMatch(/^ {2}echo +persistent +2\.35 +2\.35 +1,235 +1,235 +2 +4\.20 TB\/s {2}hits 3\n$/);
    expect(rowLine({ ...key, state: "skipped", reason: "no" })).toMatch(/persistent +skipped: no\n$/);
  });
});
