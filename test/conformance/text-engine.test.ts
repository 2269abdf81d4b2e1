/** One suite for both: an engine of this process that loads a tree anew, and a daemon's that follows it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, type ConnectOptions, type TextQuery, type TreeOptions } from "../../src/index.ts";
import { Random } from "../support/cli-random-source.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";
import { ripgrepHits } from "../support/search-oracle.ts";
import { loadedEngine, servedTrees, TEXT_ENGINES, toldHits } from "../support/text-engines.ts";
import { TreeChanger } from "../support/tree-changes.ts";

const FIRST_SEED = propertySeed();
const { numRuns: TREES } = propertyRuns(5);
const STEPS_PER_TREE = 25;

const ground = mkdtempSync(join(tmpdir(), "ew-text-"));
let daemon: AsyncDisposable;
const before = process.env["XDG_RUNTIME_DIR"];

beforeAll(async () => {
  process.env["XDG_RUNTIME_DIR"] = ground;
  daemon = await servedTrees([ground]);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  if (before === undefined) delete process.env["XDG_RUNTIME_DIR"];
  else process.env["XDG_RUNTIME_DIR"] = before;
  rmSync(ground, { recursive: true, force: true });
});

let count = 0;
function folder(): string {
  const path = join(ground, String(count++), "tree");
  mkdirSync(path, { recursive: true });
  return path;
}

const PATTERNS: readonly TextQuery["pattern"][] = [
  "needle",
  "n[a-z]+s?",
  "^$",
  "hay|stack",
  ["needle", "42"],
  "x{20}",
  "\\bneedle\\b",
  "ü",
  "e+d",
  "not there",
];

function randomQuery(random: Random): TextQuery {
  return {
    pattern: random.pick(PATTERNS),
    ...(random.once(3) ? { ignoreCase: true } : {}),
    ...(random.once(4) ? { smartCase: true } : {}),
    ...(random.once(5) ? { wordRegexp: true } : {}),
    ...(random.once(8) ? { lineRegexp: true } : {}),
    ...(random.once(6) ? { fixedStrings: true } : {}),
    ...(random.once(5) ? { locate: false } : {}),
  };
}

const TREE_OPTIONS: readonly TreeOptions[] = [
  {},
  { hidden: true },
  { hidden: true, noIgnoreDot: true, noIgnoreVcs: true, noIgnoreParent: true },
  { globs: ["*.txt"] },
  { globs: ["!src/**"], hidden: true },
  { types: [{ kind: "select", name: "rust" }] },
  { maxDepth: 2 },
  { maxFilesizeBytes: 100 },
  { allText: true },
  { follow: true },
];

describe.each(Object.entries(TEXT_ENGINES))("%s", (_, open) => {
  it("finds what ripgrep finds, with lines, counts and limits", async () => {
    const tree = folder();
    for (let file = 0; file < 60; file++) {
      mkdirSync(join(tree, `d${file % 5}`), { recursive: true });
      writeFileSync(join(tree, `d${file % 5}`, `f${file}`), `needle ${file}\nhay\nneedles needle\n`);
    }
    await using engine = await open({ paths: ["./"], cwd: tree, hidden: true });
    for (const query of [
      { pattern: "needle" },
      { pattern: "n\\w+s" },
      { pattern: "NEEDLE", ignoreCase: true },
    ] as const) {
      const hits = await engine.search(query);
      const expected = ripgrepHits(tree, query);
      const told = toldHits(hits) as [string, number, number, number, number, string][];
      const sorted = told.toSorted((a, b) => (a[0] === b[0] ? a[3] - b[3] : a[0] < b[0] ? -1 : 1));
      expect(sorted.map((each) => each.slice(0, 5))).toEqual(expected);
      expect(
        sorted.every(([, , column, , length, line]) =>
          /needle/i.test(line.slice(column - 1, column - 1 + length)),
        ),
      ).toBe(true);
      expect(await engine.count(query)).toBe(expected.length);
      expect(hits.truncated).toBe(false);
      expect(hits.fileCount).toBe(60);
    }
    for (const maxHits of [1, 7, 180, 181]) {
      const some = await engine.search({ pattern: "needle", maxHits });
      expect([some.count, some.truncated]).toEqual([Math.min(maxHits, 180), maxHits < 180]);
    }
  });

  it("streams runs of whole files that together are the result", async () => {
    const tree = folder();
    for (let file = 0; file < 40; file++)
      writeFileSync(join(tree, `f${file}`), "needle needle\n".repeat(file === 7 ? 30_000 : 200));
    await using engine = await open({ cwd: tree, sort: "path" });
    const whole = await engine.search({ pattern: "needle" });
    const offsets: number[] = [];
    const paths: string[] = [];
    for await (const run of engine.submit({ pattern: "needle" })) {
      for (let index = 0; index < run.count; index++) offsets.push(run.offset[index] as number);
      const files = new Set(Array.from({ length: run.count }, (_unused, index) => run.path(index)));
      expect(run.fileCount).toBe(files.size);
      paths.push(...files);
    }
    expect(offsets).toEqual([...whole.offset]);
    expect(new Set(paths).size).toBe(paths.length);
    const stream = engine.submit({ pattern: "needle" });
    for await (const run of stream) {
      expect(run.count).toBeGreaterThan(0);
      break;
    }
    await expect(stream.wait()).rejects.toMatchObject({ code: "EW_BAD_ARGUMENT" });
  });

  it("has the same errors, in the same words", async () => {
    const tree = folder();
    writeFileSync(join(tree, "a"), "needle\n");
    await expect(open({ cwd: tree, globs: ["[z"] })).rejects.toMatchObject({ code: "EW_BAD_FLAG_VALUE" });
    const engine = await open({ cwd: tree });
    const wrong = async (query: unknown, options?: unknown): Promise<void> => {
      await engine.search(query as TextQuery, options as never);
    };
    await expect(wrong({ pattern: "(" })).rejects.toMatchObject({ code: "EW_BAD_PATTERN" });
    await expect(wrong({ pattern: 7 })).rejects.toMatchObject({ code: "EW_BAD_ARGUMENT" });
    await expect(wrong({ pattern: "x", nothing: 1 })).rejects.toMatchObject({ code: "EW_BAD_ARGUMENT" });
    await expect(wrong({ pattern: "x" }, { timeoutMs: -1 })).rejects.toMatchObject({
      code: "EW_BAD_ARGUMENT",
    });
    await expect(wrong({ pattern: "x" }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "EW_ABORTED",
    });
    await expect(wrong({ pattern: "x" }, { timeoutMs: 0 })).rejects.toMatchObject({ code: "EW_TIMEOUT" });
    const hits = await engine.search({ pattern: "needle" });
    for (const index of [-1, 1, 0.5, NaN])
      expect(() => hits.lineText(index)).toThrow(expect.objectContaining({ code: "EW_BAD_ARGUMENT" }));
    writeFileSync(join(tree, "a"), "another text\n");
    expect(() => hits.lineText(0)).toThrow(expect.objectContaining({ code: "EW_FILE_CHANGED" }));
    await engine.close();
    await engine.close();
    await expect(wrong({ pattern: "needle" })).rejects.toMatchObject({ code: "EW_CLOSED" });
  });

  it("ends searches in flight when it is closed, and those that are called off", async () => {
    const tree = folder();
    writeFileSync(join(tree, "a"), "needle\n");
    const engine = await open({ cwd: tree });
    const cancel = new AbortController();
    const off = engine.search({ pattern: "needle" }, { signal: cancel.signal });
    cancel.abort();
    await expect(off).rejects.toMatchObject({ code: "EW_ABORTED" });
    const pending = Array.from({ length: 40 }, () => engine.submit({ pattern: "n(e|x)+dle" }).wait());
    const settled = Promise.allSettled(pending);
    await engine.close();
    for (const each of await settled)
      if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "EW_CLOSED" });
  });

  it("says what it runs on, has done and holds", async () => {
    const tree = folder();
    for (let file = 0; file < 30; file++) writeFileSync(join(tree, `f${file}`), "needle\n");
    await using engine = await open({ cwd: tree });
    await engine.search({ pattern: "needle" });
    await expect(engine.search({ pattern: "(" })).rejects.toMatchObject({ code: "EW_BAD_PATTERN" });
    expect(engine.info).toMatchObject({ kind: "host", strategy: "threads" });
    const stats = await engine.stats();
    expect(stats).toMatchObject({
      answered: 1,
      inFlight: 0,
      pending: 0,
      corpora: 1,
      files: 30,
      contentBytes: 210,
    });
    expect(stats.memoryBytes).toBeGreaterThan(0);
  });
});

describe("a tree that changes", () => {
  it.each(Array.from({ length: TREES }, (_, index) => FIRST_SEED + index))(
    "has the hits of an engine that has just loaded it (seed %d)",
    async (seed) => {
      const random = new Random(seed);
      const root = folder();
      const outside = join(root, "../outside");
      mkdirSync(outside);
      const changer = new TreeChanger(root, outside, random);
      const connected = await Promise.all(
        TREE_OPTIONS.map((options) => connect({ ...options, cwd: root, sort: "path" })),
      );
      const history: string[] = [];
      for (let step = 0; step < STEPS_PER_TREE; step++) {
        for (let changes = 1 + random.below(random.once(6) ? 12 : 3); changes > 0; changes--)
          history.push(changer.step());
        for (let asked = 0; asked < 2; asked++) {
          const which = random.below(TREE_OPTIONS.length);
          const options: ConnectOptions = { ...TREE_OPTIONS[which], cwd: root, sort: "path" };
          const query = randomQuery(random);
          const engine = connected[which] as (typeof connected)[number];
          const found = await engine.search(query);
          const counted = await engine.count(query);
          await using fresh = await loadedEngine(options);
          const expected = await fresh.search(query);
          const where = JSON.stringify({ options, query, history: history.slice(-12) });
          expect(toldHits(found), where).toEqual(toldHits(expected));
          expect(counted, where).toBe(expected.count);
          expect(found.skippedFiles, where).toEqual(
            expected.skippedFiles.map(({ path, reason }) => ({ path, reason })),
          );
        }
      }
      await Promise.all(connected.map((each) => each.close()));
    },
  );
});
