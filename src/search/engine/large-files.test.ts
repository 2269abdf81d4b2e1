/** Searches in files that are larger than a segment, beside ripgrep. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { rgPath } from "@vscode/ripgrep";
import { afterAll, expect, it } from "vitest";
import { Corpus } from "../corpus/index.ts";
import { HostBackend } from "../host/host-backend.ts";
import { WORK_AREA_BYTES } from "../host/host-sink.ts";
import { loadCorpus } from "./load-corpus.ts";
import { prepareQuery, type Query } from "./query.ts";
import { Search } from "./search.ts";
import type { SearchOwner } from "./search-owner.ts";

const THREADS = 2;
/** Of the large file. */
const LINES = 350_000;
const SEGMENT_BYTES = THREADS * WORK_AREA_BYTES + (4 << 20);

const folder = mkdtempSync(path.join(os.tmpdir(), "everwarp-large-files-"));
const words = ["alpha", "beta", "gämma", "delta", "int", "print", "k", "\u{212a}elvin"];
const line = (index: number): string =>
  `${index} ${words[(index * 7) % 8]} ${words[(index * 5 + (index >> 3)) % 8]}${index % 97 === 0 ? "" : "_x"}`;
const lines = (count: number): string => Array.from({ length: count }, (_, index) => line(index)).join("\n");
writeFileSync(path.join(folder, "1-small.txt"), "alpha beta\n");
writeFileSync(path.join(folder, "2-large.txt"), `\u{feff}${lines(LINES)}`);
writeFileSync(path.join(folder, "3-last.txt"), `${lines(100)}\n`);

const backend = await HostBackend.open({ threads: THREADS, segmentBytes: SEGMENT_BYTES });
const corpus = await Corpus.list([folder], { sort: "path" });
const held = await loadCorpus(backend, corpus, undefined);
afterAll(async () => {
  await backend.close();
  rmSync(folder, { recursive: true });
});

const owner: SearchOwner<Search> = {
  threads: THREADS,
  sendPending: () => undefined,
  sendAgain: () => undefined,
  withdraw: () => undefined,
  asksAgain: () => false,
  isReopening: () => false,
  ended: () => undefined,
  assertOpen: () => undefined,
};

async function ours(query: Query): Promise<string[]> {
  const search = new Search(owner, held, prepareQuery(query), Infinity, true);
  search.send(held);
  const result = await search.wait();
  const texts: string[] = [];
  for (let index = 0; index < result.count; index++) {
    const column = (result.column[index] as number) - 1;
    const line = `${result.path(index)}:${result.line[index]}`;
    texts.push(`${line}:${(result.offset[index] as number) - column}:${column}+${result.length[index]}`);
  }
  return texts;
}

function ripgrep(flags: readonly string[]): string[] {
  const run = spawnSync(rgPath, ["--no-config", "--json", "--sort=path", ...flags, folder], {
    maxBuffer: 1 << 29,
  });
  const texts: string[] = [];
  for (const row of run.stdout.toString("utf8").split("\n")) {
    if (!row.startsWith('{"type":"match"')) continue;
    const { data } = JSON.parse(row) as {
      data: {
        path: { text: string };
        line_number: number;
        absolute_offset: number;
        submatches: { start: number; end: number }[];
      };
    };
    // ripgrep does not count a byte order mark.
    const mark = data.path.text.endsWith("2-large.txt") ? 3 : 0;
    for (const { start, end } of data.submatches)
      texts.push(
        `${data.path.text}:${data.line_number}:${data.absolute_offset + mark}:${start}+${end - start}`,
      );
  }
  return texts;
}

it("the large file is in parts", () => {
  expect(held.loaded.placement.parts).toBeDefined();
  expect(held.streamed).toEqual([]);
});

it.each<[Query, string[]]>([
  [{ pattern: "992 alpha" }, ["992 alpha"]],
  [{ pattern: "KELVIN delta", ignoreCase: true }, ["-i", "KELVIN delta"]],
  [{ pattern: "int", wordRegexp: true }, ["-w", "int"]],
  [{ pattern: String.raw`^\d{5}6 g\w+ma\b` }, [String.raw`^\d{5}6 g\w+ma\b`]],
  [{ pattern: "^0 |99 beta$|x$" }, ["^0 |99 beta$|x$"]],
])("a search finds what ripgrep finds: %j", async (query, flags) => {
  const expected = ripgrep(flags);
  expect(expected.length).toBeGreaterThan(0);
  const found = await ours(query);
  const first = expected.findIndex((text, index) => found[index] !== text);
  expect(found.slice(Math.max(0, first), first + 3)).toEqual(expected.slice(Math.max(0, first), first + 3));
  expect(found).toHaveLength(expected.length);
});

it("lines of a part are shown from the disk", async () => {
  const search = new Search(owner, held, prepareQuery({ pattern: `${LINES - 1} ` }), Infinity, true);
  search.send(held);
  const result = await search.wait();
  expect(result.lineText(0)).toBe(line(LINES - 1));
  expect(result.line[0]).toBe(LINES);
});
