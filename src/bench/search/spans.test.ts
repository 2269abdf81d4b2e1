/** An answer is right only where every hit of every file is ripgrep's. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Corpus } from "../../search/index.ts";
import { ExpectedSpans, filesByPath } from "./spans.ts";

const folder = mkdtempSync(join(tmpdir(), "everwarp-spans-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const paths = ["a", "b", "marked"].map((name) => join(folder, name));
for (const path of paths) writeFileSync(path, path.endsWith("marked") ? "\uFEFFone one" : "one one");

type Hit = readonly [file: number, line: number, column: number, offset: number, length: number];

const RIGHT: readonly Hit[] = [
  [0, 1, 1, 0, 3],
  [0, 1, 5, 4, 3],
  [2, 1, 1, 3, 3],
  [2, 1, 5, 7, 3],
];

const columns = (hits: readonly Hit[]): Parameters<ExpectedSpans["difference"]>[0] => ({
  count: hits.length,
  file: Uint32Array.from(hits, ([file]) => file),
  line: Uint32Array.from(hits, (hit) => hit[1]),
  column: Uint32Array.from(hits, (hit) => hit[2]),
  offset: Float64Array.from(hits, (hit) => hit[3]),
  length: Uint32Array.from(hits, (hit) => hit[4]),
});

async function expected(): Promise<ExpectedSpans> {
  const corpus = Corpus.fromFiles(paths.map((path) => ({ path, explicit: false })));
  const spans = new ExpectedSpans(corpus, filesByPath(corpus));
  // As ripgrep says it: in any order of files, and without the byte order mark.
  spans.file(paths[2] as string);
  spans.hit(1, 1, 0, 3);
  spans.hit(1, 5, 4, 3);
  spans.file(paths[0] as string);
  spans.hit(1, 1, 0, 3);
  spans.hit(1, 5, 4, 3);
  return spans;
}

test("the same hits are no difference, also behind a byte order mark", async () => {
  const spans = await expected();
  expect(spans.count).toBe(4);
  expect(spans.difference(columns(RIGHT))).toBeUndefined();
});

test.each([1, 2, 3, 4])("a hit that differs in number %i is found", async (field) => {
  for (const [index, hit] of RIGHT.entries()) {
    const changed = hit.with(field, (hit[field] as number) + 1) as unknown as Hit;
    const difference = (await expected()).difference(columns(RIGHT.with(index, changed)));
    expect(difference?.path).toBe(paths[hit[0]]);
  }
});

test("hits that are missing, twice, in another file or in another order are found", async () => {
  const [first, second, third, fourth] = RIGHT as [Hit, Hit, Hit, Hit];
  for (const hits of [
    [first, third, fourth],
    [first, first, second, third, fourth],
    [first, second, [1, 1, 1, 0, 3] as const, third, fourth],
    [second, first, third, fourth],
    [],
  ])
    expect((await expected()).difference(columns(hits))).toBeDefined();
});

test("a file that is not in the corpus, and hits that are not sorted, are errors", async () => {
  const spans = await expected();
  expect(() => spans.file("elsewhere")).toThrow(/elsewhere/);
  const [first, second, third, fourth] = RIGHT as [Hit, Hit, Hit, Hit];
  expect(() => spans.difference(columns([first, second, third, fourth, [1, 1, 1, 0, 3]]))).toThrow(/sorted/);
});
