import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseFlags } from "../../src/cli/flags/parse.ts";
import { toGrepOptions } from "../../src/cli/flags/grep-options.ts";
import type { FoundFile } from "../../src/search/contracts.ts";
import { createMatcher } from "../../src/search/matcher/index.ts";
import { ByteWriter } from "../../src/search/grep/printer/byte-writer.ts";
import type { FileSearcherArgs } from "../../src/search/grep/file-searcher/args.ts";
import { createFileSearcher, type FileSearcher } from "../../src/search/grep/file-searcher/file-searcher.ts";
import { walk } from "../../src/search/walk/index.ts";
import { scanBuffer, createLiteralScanner } from "../../src/search/scanner/literal-scanner.ts";
import {
  type ParallelSearchOptions,
  searchInParallel,
} from "../../src/search/grep/parallel/parallel-search.ts";
import { captured } from "../support/environment.ts";
import { until } from "../support/patience.ts";

const root = mkdtempSync(join(tmpdir(), "everwarp-parallel-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Soon passed over, yet so many that workers are started. */
const EMPTY_FILES = 6_000;

/** Files for workers: 4,500 in 45 directories, with everything that needs care. */
beforeAll(() => {
  for (let directory = 0; directory < 45; directory++) {
    const folder = join(root, `directory-${directory}`);
    mkdirSync(folder);
    for (let file = 0; file < 100; file++) {
      const number = 100 * directory + file;
      const content =
        number % 7 === 0
          ? `line one\nneedle in file ${number}\nline three needle\n`
          : number % 501 === 3
            ? Buffer.concat([
                Buffer.from("needle before\n"),
                Buffer.alloc(700_000, "x\n"),
                Buffer.from("\0 needle\n"),
              ])
            : number % 501 === 4
              ? Buffer.concat([Buffer.from("\0needle\n"), Buffer.alloc(700_000, "x\n")])
              : number % 501 === 5
                ? Buffer.from("\ufeffneedle in UTF-16\n".repeat(30_000), "utf16le")
                : `nothing here ${number}`;
      writeFileSync(join(folder, `file-${file}`), content);
    }
  }
  mkdirSync(join(root, "empty"));
  for (let file = 0; file < EMPTY_FILES; file++) writeFileSync(join(root, "empty", `${file}`), "");
  writeFileSync(
    Buffer.concat([Buffer.from(`${root}/directory-3/`), Buffer.from([0xfe, 0xff])]),
    "needle, oddly named\n",
  );
});

function prepare(flags: string[]): { args: FileSearcherArgs; make: () => FileSearcher } {
  const args = toGrepOptions(parseFlags(["--no-config", ...flags, root]), captured().environment).searcher;
  const make = (): FileSearcher =>
    createFileSearcher(
      args,
      createMatcher({ ...args.matcher, createScanner: createLiteralScanner }),
      scanBuffer,
    );
  return { args, make };
}

/** What one thread does, file after file, through the searcher's own reading. */
function sequential(make: () => FileSearcher, files: Iterable<FoundFile>) {
  const searcher = make();
  const writer = new ByteWriter();
  const told: { path: string; text: string; error: string | undefined }[] = [];
  for (const file of files) {
    writer.clear();
    const { matched, error } = searcher.search(file, writer);
    if (matched || writer.length > 0 || error !== undefined)
      told.push({ path: file.path, text: writer.written().toString("latin1"), error });
  }
  return { told, stats: searcher.stats };
}

async function parallel(
  { args, make }: ReturnType<typeof prepare>,
  files: Iterable<FoundFile>,
  options: Partial<ParallelSearchOptions> = {},
) {
  const told: { path: string; text: string; error: string | undefined }[] = [];
  const result = await searchInParallel({
    files,
    searcher: make(),
    args,
    threads: 3,
    ordered: true,
    stopAfterMatch: false,
    onFile: ({ file: { path }, output, error }) =>
      void told.push({ path, text: Buffer.from(output).toString("latin1"), error }),
    ...options,
  });
  return { told, ...result };
}

describe("searchInParallel", () => {
  it.each([
    ["plain", ["needle"]],
    ["context and numbers", ["-n", "-C1", "--heading", "needle"]],
    ["a regex, ignoring case", ["-i", "NEEDLE in [a-z]+ \\d"]],
    ["counts", ["-c", "needle"]],
    ["files", ["-l", "needle"]],
    ["json", ["--json", "needle"]],
    ["inverted, first only", ["-v", "-m1", "nothing"]],
    ["binary as text", ["-a", "needle"]],
    ["no match", ["there is no such text"]],
  ])("tells the same as one thread, in the same order: %s", async (_name, flags) => {
    const it = prepare(flags);
    const files = [...walk([root], { sort: "path" })];
    const wanted = sequential(it.make, files);
    const withoutTimes = (text: string): string =>
      text.replaceAll(/"(secs|nanos|human)":("[^"]*"|\d+)/g, '"$1":0');
    const clean = (told: { path: string; text: string }[]) =>
      told.map((one) => ({ ...one, text: withoutTimes(one.text) }));
    const ordered = await parallel(it, files);
    expect(clean(ordered.told)).toEqual(clean(wanted.told));
    expect(ordered.searchedAny).toBe(true);
    const unordered = await parallel(it, files, { ordered: false });
    const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
    expect(clean(unordered.told).sort(byPath)).toEqual(clean(wanted.told).sort(byPath));
    const { elapsedNs: _some, bytesSearched: _also, ...counted } = wanted.stats;
    if (flags[0] !== "--json") {
      expect(ordered.stats).toMatchObject(counted);
      expect(unordered.stats).toMatchObject(counted);
    }
  });

  it("adds up the statistics of all threads", async () => {
    const it = prepare(["--stats", "needle"]);
    const files = [...walk([root])];
    const { elapsedNs: _, ...wanted } = sequential(it.make, files).stats;
    expect((await parallel(it, files)).stats).toMatchObject(wanted);
    expect(wanted.searches).toBe(4501 + EMPTY_FILES);
  });

  it("goes on past files that cannot be read, named or found", async () => {
    const it = prepare(["needle"]);
    const files = [...walk([root])];
    for (const at of [0, 70, 4200, files.length])
      files.splice(at, 0, { path: join(root, `gone-${at}`), explicit: at === 70 });
    const { told } = await parallel(it, files);
    expect(told.filter(({ error }) => error !== undefined)).toEqual(
      [0, 70, 4200, 4501 + EMPTY_FILES].map((at) => ({
        path: join(root, `gone-${at}`),
        text: "",
        error: "No such file or directory (os error 2)",
      })),
    );
    expect(told).toEqual(sequential(it.make, files).told);
  });

  it("searches named files on all threads, as named ones", async () => {
    const it = prepare(["needle"]);
    const files = [...walk([root], { sort: "path" })].map((file) => ({ ...file, explicit: true }));
    const { told } = await parallel(it, files);
    expect(told).toEqual(sequential(it.make, files).told);
    expect(told.some(({ text }) => text.includes("binary file matches"))).toBe(true);
  });

  it("stops after the first match, everywhere", async () => {
    const it = prepare(["-q", "needle in file 4494"]);
    let walked = 0;
    function* files(): Generator<FoundFile> {
      for (;;) {
        for (const file of walk([root])) {
          walked++;
          yield file;
        }
      }
    }
    const { told } = await parallel(it, files(), { ordered: false, stopAfterMatch: true });
    expect(told).toHaveLength(1);
    expect(walked).toBeGreaterThan(0);
  });

  it("stops when told to", async () => {
    const it = prepare(["needle"]);
    let calls = 0;
    await parallel(it, walk([root]), { onFile: () => ++calls < 5 });
    expect(calls).toBe(5);
  });

  it("ends with what onFile throws, as when a pipe is closed, and leaves no thread behind", async () => {
    const it = prepare(["needle"]);
    const handles = (): number =>
      process.getActiveResourcesInfo().filter((one) => one === "MessagePort").length;
    await until(() => handles() === 0); // threads of the tests before this one are gone
    const closed = new Error("closed pipe");
    await expect(
      parallel(it, walk([root]), {
        onFile() {
          throw closed;
        },
      }),
    ).rejects.toBe(closed);
    await until(() => handles() === 0);
  });

  it("says so when a thread dies, and does not wait for it", async () => {
    const it = prepare(["needle"]);
    const broken = { ...it.args, matcher: { ...it.args.matcher, patterns: ["("], fixedStrings: false } };
    await expect(parallel({ ...it, args: broken }, walk([root]))).rejects.toMatchObject({
      code: "EW_WORKER_DIED",
    });
  });

  it("prints more output than may wait at a time, losing nothing", async () => {
    const it = prepare(["-a", "-v", "not there"]);
    const large = join(root, "large");
    writeFileSync(large, `${"x".repeat(99_999)}\n`.repeat(30));
    const files: FoundFile[] = Array.from({ length: 12_600 }, (_, index) => ({
      path: index % 252 === 0 ? large : join(root, `directory-0/file-${1 + (index % 2)}`),
      explicit: false,
    }));
    for (const ordered of [true, false]) {
      let bytes = 0;
      await parallel(it, files, {
        ordered,
        onFile({ file, output }) {
          if (file.path === large) bytes += output.length;
        },
      });
      expect(bytes).toBe(50 * 30 * (large.length + 1 + 100_000));
    }
    rmSync(large);
  });

  it("shares few files that take long", async () => {
    const it = prepare(["-c", "-v", "not there"]);
    const large = join(root, "slow");
    writeFileSync(large, "short line\n".repeat(300_000));
    const files: FoundFile[] = Array.from({ length: 40 }, () => ({ path: large, explicit: false }));
    const { told, stats } = await parallel(it, files);
    expect(told).toEqual(files.map(() => ({ path: large, text: `${large}:300000\n`, error: undefined })));
    expect(stats.searches).toBe(40);
    rmSync(large);
  });

  it("searches a small tree without a worker, and nothing at all", async () => {
    const it = prepare(["needle"]);
    const few = [...walk([join(root, "directory-0")], { sort: "path" })];
    const { told } = await parallel(it, few, { threads: 64 });
    expect(told).toEqual(sequential(it.make, few).told);
    expect(await parallel(it, [])).toMatchObject({ told: [], searchedAny: false });
  });
});
