/** The host's part of a search: on threads it finds what it finds on the main thread, and what ripgrep finds. */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { rgPath } from "@vscode/ripgrep";
import { afterAll, expect, it, vi } from "vitest";
import { begin, digestOf, linesOf, load, runsOf, writeFiles } from "../../../test/support/verify-ground.ts";
import { patientMs } from "../../../test/support/patience.ts";
import { HostBackend } from "../host/index.ts";
import { Verifier } from "../verifier/index.ts";
import { prepareQuery, type Query } from "./query.ts";
import type { Search } from "./search.ts";
import type { SearchResult } from "./search-result.ts";

// What has no automaton is for the host.
vi.mock("../automaton/index.ts", () => ({ compileAutomaton: () => undefined }));

const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-host-pass-"));
writeFiles(path.join(folder, "many"));
const backend = await HostBackend.open({ threads: 2 });
const held = await load(backend, path.join(folder, "many"));
const far = await load(backend, path.join(folder, "many"), true);
const verifier = new Verifier(2);
afterAll(async () => {
  await verifier.close();
  await backend.close();
  rmSync(folder, { recursive: true });
});

const alternatives = Array.from({ length: 50_000 }, (_, index) => `w${index}x`).concat("x.y_1");

const queries: [kind: string, query: Query][] = [
  ["whole", { pattern: "^$" }],
  ["whole", { pattern: "[0-9]{3,}" }],
  ["whole", { pattern: String.raw`\s+$` }],
  ["filter", { pattern: "(a|b)*a(a|b){20}" }],
  ["filter", { pattern: "int", wordRegexp: true }],
  ["filter", { pattern: String.raw`def r\w+\(` }],
  ["filter", { pattern: String.raw`t[ae]sk\w*`, ignoreCase: true }],
  ["filter", { pattern: "int alpha_1", lineRegexp: true }],
  ["literals", { pattern: "task", ignoreCase: true }],
  ["literals", { pattern: "kk", ignoreCase: true }],
  ["filter", { pattern: ["aa", "kk", "k"], ignoreCase: true }],
];

/** Polls until the result is there. */
async function polled(search: Search): Promise<SearchResult> {
  while (!search.done) await new Promise(setImmediate);
  return search.wait();
}

it.each(queries)("threads find what the main thread finds: %s, %j", async (kind, query) => {
  const prepared = prepareQuery(query);
  expect(prepared.plan.kind).toBe(kind);
  const alone = await begin(held, prepared).wait();
  const expected = digestOf(alone);
  expect(alone.count).toBeGreaterThan(0);
  for (const corpus of [held, far]) {
    expect(digestOf(await begin(corpus, prepared, { verifier }).wait())).toEqual(expected);
    expect(digestOf(await polled(begin(corpus, prepared, { verifier })))).toEqual(expected);
    const blocked = begin(corpus, prepared, { verifier }).waitSync({ timeoutMs: patientMs(100_000) });
    expect(digestOf(blocked)).toEqual(expected);
    const runs = await runsOf(begin(corpus, prepared, { verifier }));
    expect(runs.flatMap(({ file }) => [...new Set(file)])).toEqual([...new Set(alone.file)]);
    expect(digestOf(...runs)).toEqual(expected);
    const counted = await begin(corpus, prepared, { verifier, isCountOnly: true }).wait();
    expect(counted.count).toBe(alone.count);
  }
  expect((await begin(held, prepared, { isCountOnly: true }).wait()).count).toBe(alone.count);
});

it.each(queries.slice(1, 8))("threads find what ripgrep finds: %s, %j", async (_, query) => {
  const found = await begin(held, prepareQuery(query), { verifier }).wait();
  // Columns in UTF-16 files are those of the text; ripgrep tells nothing of a file that has a NUL behind its hits.
  const isCompared = ([file = 0]: number[]): boolean => file % 40 !== 2 && file % 40 !== 3;
  const ours = Array.from(found.file, (file, at) => [
    file,
    found.line[at] as number,
    found.column[at] as number,
    found.length[at] as number,
  ]);
  const theirs = ripgrep(query).filter(isCompared);
  expect(theirs.length).toBeGreaterThan(0);
  expect(JSON.stringify(ours.filter(isCompared)) === JSON.stringify(theirs)).toBe(true);
});

/** File, line, column and length of each hit. */
function ripgrep({ pattern, ignoreCase, wordRegexp, lineRegexp }: Query): number[][] {
  const flags = ["--no-config", "--json", "--sort=path", ignoreCase === true ? "-i" : "-s"];
  if (wordRegexp === true) flags.push("-w");
  if (lineRegexp === true) flags.push("-x");
  const { stdout } = spawnSync(rgPath, [...flags, "-e", pattern as string, path.join(folder, "many")], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  return stdout
    .split("\n")
    .filter((row) => row.startsWith('{"type":"match"'))
    .flatMap((row) => {
      const { data } = JSON.parse(row) as {
        data: {
          path: { text: string };
          line_number: number;
          submatches: { start: number; end: number }[];
        };
      };
      const file = Number(data.path.text.slice(-4));
      return data.submatches.map(({ start, end }) => [file, data.line_number, start + 1, end - start]);
    });
}

it("a search whose slices are always over takes answers that came before", async () => {
  const prepared = prepareQuery({ pattern: "[0-9]{3,}" });
  const expected = digestOf(await begin(held, prepared).wait());
  let timeMs = performance.now();
  const clock = vi.spyOn(performance, "now").mockImplementation(() => (timeMs += 50));
  try {
    expect(digestOf(await begin(held, prepared, { verifier }).wait())).toBe(expected);
    const blocked = begin(held, prepared, { verifier }).waitSync({ timeoutMs: Infinity });
    expect(digestOf(blocked)).toBe(expected);
  } finally {
    clock.mockRestore();
  }
});

it("50,000 alternatives are searched", async () => {
  const prepared = prepareQuery({ pattern: alternatives, fixedStrings: true });
  const alone = await begin(held, prepared).wait();
  expect(alone.count).toBeGreaterThan(0);
  expect(digestOf(await begin(held, prepared, { verifier }).wait())).toEqual(digestOf(alone));
});

it("maxHits ends a search, and truncates its hits", async () => {
  for (const query of [{ pattern: "[0-9]{3,}" }, { pattern: "t[ae]sk", ignoreCase: true }]) {
    const prepared = prepareQuery(query);
    const all = await begin(held, prepared, { verifier }).wait();
    for (const maxHits of [1, 1000, all.count - 1, all.count, all.count + 1]) {
      const some = await begin(held, prepared, { verifier, maxHits }).wait();
      expect(some.count).toBe(Math.min(maxHits, all.count));
      expect(some.truncated).toBe(maxHits < all.count);
      expect([...some.offset]).toEqual([...all.offset.subarray(0, some.count)]);
      const runs = await runsOf(begin(held, prepared, { verifier, maxHits }));
      expect(runs.reduce((sum, { count }) => sum + count, 0)).toBe(some.count);
      expect(runs.map(({ truncated }) => truncated).indexOf(true)).toBe(
        some.truncated ? runs.length - 1 : -1,
      );
    }
  }
});

it("files that were changed, removed or locked are told of", async () => {
  const place = path.join(folder, "changing");
  writeFiles(place, 60, 1500);
  const corpus = await load(backend, place, true);
  const at = (file: number): string => path.join(place, `f${String(file).padStart(4, "0")}`);
  appendFileSync(at(7), "\n98765 is new\n");
  rmSync(at(20));
  rmSync(at(30));
  writeFileSync(at(30), "\u{feff}4711\n");
  for (const query of [{ pattern: "[0-9]{3,}" }, { pattern: "12345", wordRegexp: true }]) {
    const prepared = prepareQuery(query);
    const alone = await begin(corpus, prepared).wait();
    const result = await begin(corpus, prepared, { verifier }).wait();
    expect(digestOf(result)).toEqual(digestOf(alone));
    expect(result.changedFiles).toEqual([7, 20, 30]);
    expect(alone.changedFiles).toEqual([7, 20, 30]);
    expect(result.file.includes(20)).toBe(false);
  }
});

/** Turns of the event loop while something goes on. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  void work.finally(() => (isOver = true));
  while (!isOver) {
    await new Promise(setImmediate);
    turns++;
  }
  await work;
  return turns;
}

it("the event loop has its turns, also within one large file", async () => {
  const place = path.join(folder, "large");
  writeFiles(place, 1, 1);
  writeFileSync(path.join(place, "large"), linesOf(1, 200_000));
  const corpus = await load(backend, place);
  const prepared = prepareQuery({ pattern: "[0-9]{3,}" });
  expect(await turnsDuring(begin(corpus, prepared, { verifier }).wait())).toBeGreaterThan(20);
  // A clock that goes on whenever it is read: a slice is a few steps.
  let timeMs = performance.now();
  const clock = vi.spyOn(performance, "now").mockImplementation(() => (timeMs += 0.5));
  try {
    expect(await turnsDuring(begin(corpus, prepared).wait())).toBeGreaterThan(100);
  } finally {
    clock.mockRestore();
  }
});
