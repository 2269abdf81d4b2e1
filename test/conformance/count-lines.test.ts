/** Counts of lines are ripgrep's, whoever counts: the planes of a device, or a search for hits. */
import { spawnSync } from "node:child_process";
import { rgPath } from "@vscode/ripgrep";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Corpus, type Query, SearchEngine } from "../../src/index.ts";
import { lintSource } from "../../src/lint/index.ts";
import { createMatcher, syntaxOf } from "../../src/search/matcher/index.ts";
import { compilePlanes, programGlsl } from "../../src/search/planes/index.ts";
import { planeProgramRequest } from "../../src/search/gpu/search-programs.ts";
import { Dir } from "../support/cli.ts";
import { patientMs } from "../support/patience.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { regex } from "../support/regex-cases.ts";
import { engineKinds } from "../support/search-engines.ts";

const kinds = (await engineKinds()).filter(
  ({ name, missing }) =>
    missing === undefined &&
    (name === "host" || /batch|persistent|leased|adaptive|beside the host/.test(name)),
);
const timeoutMs = patientMs(30_000);

const dir = new Dir("count-lines")
  .file("code", "int f(int a) {\n  return a_b + 1234567;\n}\n\n\n// WARNING: deprecated\nABC_DEF\n")
  .file("no-feed", "mail a@b.com  \n\nint")
  .file("windows", "int\r\nprint \r\n\r\n")
  .file("empty", "")
  .file("feeds", "\n\n\n")
  .file("unicode", "é int ü\nñandú_ 日本語日本語日本語 x\nintñ\ncafé@é.com\n\u017ftring\n")
  .file("bytes", Buffer.from([0x69, 0x6e, 0x74, 0xff, 0x0a, 0xc3, 0x0a, 0x69, 0x6e, 0x74, 0x20, 0xe2, 0x84]))
  .file("long", `${"word ".repeat(3000)}int\n${"x".repeat(700)}\nint`);
const marked = new Dir("count-lines-marked").file("marked", "\ufeffint\nint\n").file("plain", "int x\n");
afterAll(() => {
  dir.remove();
  marked.remove();
});

/** Matching lines by ripgrep. */
function ripgrepLines(folder: Dir, pattern: string, flags: readonly string[]): number {
  const run = spawnSync(rgPath, ["--no-config", "-c", "--no-filename", ...flags, "-e", pattern, "./"], {
    cwd: folder.path,
  });
  return run.stdout
    .toString()
    .split("\n")
    .reduce((sum, line) => sum + Number(line), 0);
}

const patterns: readonly [string, Partial<Query>, string[]][] = [
  ["int", {}, []],
  [String.raw`\bint\b`, {}, []],
  ["int", { wordRegexp: true }, ["-w"]],
  ["int", { lineRegexp: true }, ["-x"]],
  [String.raw`\s+$`, {}, []],
  [String.raw`\w+@\w+\.com`, {}, []],
  ["[0-9]{6,}", {}, []],
  ["[A-Z]{3,}_[A-Z]{3,}", {}, []],
  [String.raw`\w{9,}`, {}, []],
  [String.raw`\w{9}x`, {}, []],
  [".{0,3}int", {}, []],
  ["warning.{0,20}deprecat", { ignoreCase: true }, ["-i"]],
  ["string", { ignoreCase: true }, ["-i"]],
  ["^$", {}, []],
  ["x*", {}, []],
  ["x(ab)*y|return", {}, []],
  ["^int", {}, []],
  [String.raw`\p{Greek}|日本`, {}, []],
];

describe.each(kinds)("$name", ({ options, isDevice, isTextHeld }) => {
  let engine: SearchEngine;
  let corpus: Corpus;
  beforeAll(async () => {
    engine = await SearchEngine.open(options);
    corpus = await Corpus.list(["./"], { cwd: dir.path });
    await engine.addCorpus(corpus);
  });
  afterAll(async () => engine?.close());

  it.each(patterns)("counts the lines of %s %o as ripgrep does", async (pattern, how, flags) => {
    const wanted = ripgrepLines(dir, pattern, flags);
    const total = await engine.countLines({ ...how, pattern, corpus });
    expect(total.lines).toBe(wanted);
    expect(engine.countLinesSync({ ...how, pattern, corpus }, { timeoutMs }).lines).toBe(wanted);
    if (total.plan === "hits") expect(total.reason).toMatch(/\w/);
  });

  it("says who counted, and why", async () => {
    const digits = await engine.countLines({ pattern: "[0-9]{6,}", corpus });
    const empty = await engine.countLines({ pattern: "^$", corpus });
    if (isDevice) {
      expect(digits).toMatchObject({ plan: "planes", tier: "interpreted", reason: undefined });
      expect(empty).toMatchObject({ plan: "hits", reason: expect.stringContaining("empty line") });
      expect(engine.stats().planeBytes).toBeGreaterThan(0);
      const words = await engine.countLines({ pattern: String.raw`\w+@\w+\.com`, corpus });
      expect(words.plan).toBe(isTextHeld ? "planes" : "hits"); // a line of it is in doubt
      if (isTextHeld) expect(words.verifiedLines).toBeGreaterThan(0);
    } else {
      expect(digits).toMatchObject({ plan: "hits", reason: "only devices have bit planes" });
      expect(engine.stats().planeBytes).toBe(0);
    }
  });

  it("does not take a byte order mark for text", async () => {
    const other = await Corpus.list(["./"], { cwd: marked.path });
    await engine.addCorpus(other);
    for (const [pattern, flags] of [
      ["^int", []],
      ["int", ["-x"]],
      ["int", ["-w"]],
      [".int", []],
    ] as const) {
      const how = { wordRegexp: flags[0] === "-w", lineRegexp: flags[0] === "-x" };
      const { lines } = await engine.countLines({ pattern, ...how, corpus: other });
      expect([pattern, flags, lines]).toEqual([pattern, flags, ripgrepLines(marked, pattern, [...flags])]);
    }
    await engine.removeCorpus(other);
    await expect(engine.countLines({ pattern: "int", corpus: other })).rejects.toMatchObject({
      code: "EW_CORPUS_UNKNOWN",
    });
  });

  it("counts between searches, many at a time", async () => {
    const wanted = ripgrepLines(dir, "[a-z]{3}", []);
    const [lines, hits, more, count] = await Promise.all([
      engine.countLines({ pattern: "[a-z]{3}", corpus }),
      engine.search({ pattern: "int", corpus }),
      engine.countLines({ pattern: "[a-z]{3}", corpus }),
      engine.count({ pattern: "return", corpus }),
    ]);
    expect([lines.lines, more.lines, count]).toEqual([wanted, wanted, 1]);
    expect(hits.count).toBe((await engine.search({ pattern: "int", corpus })).count);
  });

  it.each(["[0-9]{6,}", "^$"])("calls the count of %s off when its time is over", (pattern) => {
    expect(() => {
      // A count may be there at once, but not always.
      for (let time = 0; time < 1000; time++) engine.countLinesSync({ pattern, corpus }, { timeoutMs: 0 });
    }).toThrow(
      expect.objectContaining({ code: "EW_TIMEOUT", remedy: expect.stringContaining("Submit it again") }),
    );
  });

  it("refuses what a search refuses", async () => {
    await expect(engine.countLines({ pattern: "(", corpus })).rejects.toMatchObject({
      code: "EW_BAD_PATTERN",
    });
    await expect(engine.countLines({ pattern: 1 } as never)).rejects.toMatchObject({
      code: "EW_BAD_ARGUMENT",
    });
    const signal = AbortSignal.abort();
    await expect(engine.countLines({ pattern: "int", corpus }, { signal })).rejects.toMatchObject({
      code: "EW_ABORTED",
    });
  });
});

it("makes kernels that no rule of lint finds fault with", async () => {
  await fc.assert(
    fc.asyncProperty(regex, fc.constantFrom(1 as const, 4 as const), async (pattern, words) => {
      let syntax;
      try {
        syntax = syntaxOf(createMatcher({ patterns: [pattern], allowNul: true }));
      } catch {
        return;
      }
      const { program } = syntax === undefined ? {} : compilePlanes(syntax);
      if (program === undefined) return;
      const shape = { workgroupSize: 64, words, walkMax: 64 };
      expect(await lintSource(planeProgramRequest(shape, programGlsl(program)))).toEqual([]);
    }),
    propertyRuns(10),
  );
});
