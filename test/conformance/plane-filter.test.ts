/** Hits are the same, whether bit planes tell which lines match or the host's threads search all text. */
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { Corpus, type Query, SearchEngine, type SearchResult } from "../../src/index.ts";
import { DeviceBackend } from "../../src/search/gpu/device-backend.ts";
import { Dir } from "../support/cli.ts";
import { patientMs } from "../support/patience.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { regex, text } from "../support/regex-cases.ts";
import { testDeviceInfo } from "../support/vulkan.ts";

const timeoutMs = patientMs(60_000);
const dirs: Dir[] = [];
/** How often planes were asked for lines. */
const linesAsked = (): number => submitted.mock.calls.filter(([{ kind }]) => kind === "lines").length;

let submitted: MockInstance<DeviceBackend["submit"]>;
beforeEach(() => {
  // So that planes are made and used for a few bytes, by a software device, too.
  vi.spyOn(DeviceBackend.prototype, "planesPayFrom", "get").mockReturnValue(0);
  submitted = vi.spyOn(DeviceBackend.prototype, "submit");
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => dirs.forEach((dir) => dir.remove()));

function folder(contents: readonly (string | Buffer)[]): Dir {
  const dir = new Dir("plane-filter");
  for (const [index, content] of contents.entries()) dir.file(String(index), content);
  dirs.push(dir);
  return dir;
}

/** A device beside the host's threads, and the host's threads alone, on the same files. */
async function engines(dir: Dir): Promise<{ device: SearchEngine; host: SearchEngine }> {
  const list = (): Promise<Corpus> => Corpus.list(["./"], { cwd: dir.path });
  const { index } = testDeviceInfo();
  const device = await SearchEngine.open({
    device: index,
    strategy: "batch",
    hostCopy: true,
    threads: 2,
    corpus: await list(),
  });
  const host = await SearchEngine.open({ device: "cpu", threads: 1, corpus: await list() });
  return { device, host };
}

/** Asks for a regex until the planes are there, and the engine is at rest. */
async function untilPlanes(engine: SearchEngine): Promise<void> {
  const before = linesAsked();
  while (linesAsked() === before) {
    await engine.search({ pattern: "qu[xyz]+ux" });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function hitsOf(result: SearchResult): unknown[] {
  const { count, line, column, offset, length, truncated } = result;
  const hits = Array.from({ length: count }, (_, at) => [
    result.path(at),
    line[at],
    column[at],
    offset[at],
    length[at],
  ]);
  return [truncated, ...hits];
}

const lines = Array.from(
  { length: 300 },
  (_, index) => `${"x ".repeat(index % 70)}item${index} = (${index * 37})`,
);
const contents = [
  lines.join("\n"),
  `\ufeff${lines.slice(50, 90).join("\r\n")}\r\n`,
  "é int ü\nñandú_ 日本語日本語日本語 x\nintñ\ncafé@é.com\n\u017ftring STRING\n",
  Buffer.from([0x69, 0x6e, 0x74, 0xff, 0x0a, 0xc3, 0x0a, 0x69, 0x6e, 0x74, 0x20, 0xe2, 0x84]),
  "",
  "\n\n\n",
  `${"word ".repeat(3000)}int7\n${"x".repeat(700)}\nint`,
];
const queries: Query[] = [
  { pattern: "item[0-9]{3}" },
  { pattern: String.raw`\w+ = \((\d+)\)$` },
  { pattern: String.raw`^x x item\d+` },
  { pattern: String.raw`\bint\b` },
  { pattern: "int[0-9]?", wordRegexp: true },
  { pattern: "str.ng", ignoreCase: true },
  { pattern: String.raw`\p{Han}+|\w+@\w+\.com` },
  { pattern: String.raw`[^a-z\s]{2,}` },
  { pattern: String.raw`item\d+`, maxHits: 7 },
  { pattern: String.raw`item\d+`, locate: false },
  { pattern: "nothing[0-9]here" },
];

describe("bit planes as a filter", () => {
  it(
    "are made behind the first regex, and find the hits of the host's threads",
    async () => {
      const { device, host } = await engines(folder(contents));
      expect(device.stats().planeBytes).toBe(0);
      const first = await device.search({ pattern: "item[0-9]{3}" });
      expect(linesAsked()).toBe(0);
      expect(hitsOf(first)).toEqual(hitsOf(await host.search({ pattern: "item[0-9]{3}" })));
      await untilPlanes(device);
      expect(device.stats().planeBytes).toBeGreaterThan(0);
      const before = linesAsked();
      for (const query of queries) {
        const expected = await host.search(query);
        const found = await device.search(query);
        // Which hits of more than enough are given is not defined.
        if (query.maxHits === undefined) expect([query, hitsOf(found)]).toEqual([query, hitsOf(expected)]);
        else expect([found.count, found.truncated]).toEqual([expected.count, expected.truncated]);
        expect(await device.count(query)).toBe(await host.count(query));
        expect(hitsOf(device.searchSync(query, { timeoutMs })).length).toBe(hitsOf(expected).length);
      }
      expect(linesAsked() - before).toBeGreaterThan(2 * queries.length);
      await Promise.all([device.close(), host.close()]);
    },
    timeoutMs,
  );

  it(
    "leave more lines than they can tell to the host's threads, and remember that",
    async () => {
      const many = Array.from({ length: 5000 }, (_, index) => `v${index}x`).join("\n");
      const { device, host } = await engines(folder([many, "v1x\nrest"]));
      await untilPlanes(device);
      const query: Query = { pattern: String.raw`v\d+x` };
      const before = linesAsked();
      const expected = hitsOf(await host.search(query));
      expect(expected).toHaveLength(5002);
      for (let round = 0; round < 3; round++) expect(hitsOf(await device.search(query))).toEqual(expected);
      expect(linesAsked() - before).toBe(1);
      // 4,096 lines are not too many.
      const fewer = await device.search({ pattern: String.raw`^v(\d{1,3}|[1-3]\d{3}|40[0-8]\d|409[0-4])x` });
      expect(fewer.count).toBe(4096);
      expect(linesAsked() - before).toBe(2);
      await Promise.all([device.close(), host.close()]);
    },
    timeoutMs,
  );

  it(
    "stop for a signal",
    async () => {
      const { device, host } = await engines(folder(contents));
      await untilPlanes(device);
      const abort = new AbortController();
      const search = device.search({ pattern: "item[0-9]{2}" }, { signal: abort.signal });
      abort.abort();
      await expect(search).rejects.toMatchObject({ code: "EW_ABORTED" });
      expect((await device.search({ pattern: "item[0-9]{3}" })).count).toBeGreaterThan(0);
      await Promise.all([device.close(), host.close()]);
    },
    timeoutMs,
  );

  it(
    "find what the host's threads find, for random patterns in random files",
    async () => {
      let checked = 0;
      const check = async (patterns: string[], files: Uint8Array[], modes: Partial<Query>): Promise<void> => {
        const { device, host } = await engines(folder(files.map((bytes) => Buffer.from(bytes))));
        if (device.stats().contentBytes > 0) await untilPlanes(device);
        const before = linesAsked();
        for (const pattern of patterns) {
          const query = { ...modes, pattern };
          let expected: SearchResult;
          try {
            expected = await host.search(query);
          } catch {
            continue; // no pattern
          }
          expect([pattern, hitsOf(await device.search(query))]).toEqual([pattern, hitsOf(expected)]);
        }
        checked += linesAsked() - before;
        await Promise.all([device.close(), host.close()]);
      };
      const modes = fc.record({
        ignoreCase: fc.boolean(),
        wordRegexp: fc.boolean(),
        lineRegexp: fc.boolean(),
      });
      const patterns = fc.array(regex, { minLength: 12, maxLength: 12 });
      const files = fc.array(text, { minLength: 1, maxLength: 5 });
      await fc.assert(fc.asyncProperty(patterns, files, modes, check), propertyRuns(6));
      expect(checked).toBeGreaterThan(0);
    },
    timeoutMs,
  );
});
