/** `everwarp cache` as its users call it: real processes, a real device, and folders that are damaged in between. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PreloadAnswer } from "../../src/cli/cache/preload.ts";
import type { FolderStats, Listed } from "../../src/cli/cache/look.ts";
import type { ImportAnswer } from "../../src/cli/cache/transfer.ts";
import { readArchive, writeArchive } from "../../src/programs/entries/archive.ts";
import { shippedPrograms } from "../../src/programs/cache/shipped.ts";
import { bundledCommandLine } from "../support/cli-process.ts";
import { type Outcome, spawned } from "../support/cli.ts";
import { entryBytes } from "../support/program-entries.ts";
import { testDeviceInfo } from "../support/vulkan.ts";

const root = mkdtempSync(join(tmpdir(), "everwarp-cache-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const device = testDeviceInfo();
let program: string;
let count = 0;
/** A cache of the test's own. */
let directory: string;
beforeAll(async () => {
  program = await bundledCommandLine();
});
beforeEach(() => {
  directory = join(root, `cache-${count++}`);
});

function cache(args: readonly string[], env: Record<string, string> = {}): Outcome & { out: string } {
  const drivers = process.env["VK_DRIVER_FILES"];
  const outcome = spawned(process.execPath, [program, "cache", ...args], root, {
    env: {
      // The profile of the device is kept from test to test.
      XDG_CACHE_HOME: join(root, "xdg"),
      EVERWARP_CACHE_DIR: directory,
      ...(drivers === undefined ? {} : { VK_DRIVER_FILES: drivers }),
      ...env,
    },
  });
  return { ...outcome, out: outcome.stdout.toString("utf8") };
}

function json<T>(args: readonly string[], code = 0): T {
  const { out, stderr, code: actual } = cache([...args, "--json"]);
  expect([actual, stderr]).toEqual([code, ""]);
  return JSON.parse(out) as T;
}

const preload = (...args: string[]): PreloadAnswer =>
  json<PreloadAnswer>(["preload", "--device", String(device.index), ...args]);
const list = (): Listed[] => json<{ programs: Listed[] }>(["list"]).programs;

/** Path of some entry. */
function anEntry(): string {
  const [model = ""] = readdirSync(directory);
  const entries = join(directory, model, "entries");
  return join(entries, readdirSync(entries).find((name) => name.endsWith(".ewp")) ?? "");
}

test("where nothing is kept yet, nothing is there and nothing is wrong", () => {
  const verdicts = { folder: join(root, "xdg", "everwarp", "lint"), count: 0, bytes: 0 };
  expect(json(["stats"])).toEqual({ directory, folders: [], verdicts });
  expect(list()).toEqual([]);
  expect(json(["verify"])).toEqual({ good: 0, bad: [] });
  const nothing = { removed: 0, removedBytes: 0, kept: 0, keptBytes: 0 };
  expect(json(["prune"])).toEqual(nothing);
  expect(json(["clear"])).toEqual({ ...nothing, verdicts });
  expect(cache(["stats"]).out).toContain("no programs yet");
});

test("verdicts of lint are counted and removed, and what is no verdict stays", () => {
  const folder = join(root, "xdg-lint", "everwarp", "lint");
  const env = { XDG_CACHE_HOME: join(root, "xdg-lint") };
  const names = ["a", "b", "c"].map((digit) => digit.repeat(64));
  mkdirSync(folder, { recursive: true });
  for (const name of names) writeFileSync(join(folder, name), name);
  writeFileSync(join(folder, "notes"), "the user's");
  mkdirSync(join(folder, "d".repeat(64)));
  expect(cache(["stats"], env).out).toContain("3 kernels that everwarp lint found good, 192 B\n");
  // Another folder, or one device, is not about them.
  expect(cache(["clear", "--directory", join(root, "elsewhere")], env).out).not.toContain("lint");
  expect(cache(["clear", "--device", "no such one"], env).out).not.toContain("lint");
  expect(cache(["clear"], env).out).toBe(
    "0 removed, 0 B; 0 kept, 0 B\n3 kernels that everwarp lint found good, 192 B removed\n",
  );
  expect(readdirSync(folder).toSorted()).toEqual(["d".repeat(64), "notes"]);
  expect(cache(["clear"], env).out).toBe("0 removed, 0 B; 0 kept, 0 B\n");
});

describe("everything that comes with everwarp", () => {
  let first: PreloadAnswer;
  let full: string;
  beforeAll(() => {
    directory = full = join(root, "full");
    first = preload("--all");
  });
  beforeEach(() => {
    directory = full;
  });

  test("is made ahead of time, every variant of it, and what a search asks for", () => {
    const names = first.programs.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(shippedPrograms().map(({ name }) => name)));
    expect(names).toContain("search/scan, as a search asks for it");
    expect(first.programs.filter(({ state }) => state === "failed")).toEqual([]);
    expect(first.programs.filter(({ state }) => state === "made").length).toBeGreaterThan(5);
    expect(first.device).toBe(device.name);
  });

  test("is found by the next process, which compiles nothing", () => {
    const again = preload("--all");
    expect(again.programs.filter(({ state }) => state !== "there")).toEqual([]);
    expect(again.compilations).toBe(0);
    expect(again.programs.length).toBe(first.programs.length);
  });

  test("is found by a search", async () => {
    writeFileSync(join(root, "a.txt"), "needle in hay\n");
    const before = json<{ folders: FolderStats[] }>(["stats"]).folders[0];
    const drivers = process.env["VK_DRIVER_FILES"];
    const { code, stderr } = spawned(
      process.execPath,
      [program, "search", `--device=${device.index}`, "needle", "a.txt"],
      root,
      {
        env: {
          XDG_CACHE_HOME: join(root, "xdg"),
          EVERWARP_CACHE_DIR: directory,
          ...(drivers === undefined ? {} : { VK_DRIVER_FILES: drivers }),
        },
      },
    );
    expect([code, stderr]).toEqual([0, ""]);
    const after = json<{ folders: FolderStats[] }>(["stats"]).folders[0];
    const grown = (name: string): number => (after?.counters[name] ?? 0) - (before?.counters[name] ?? 0);
    expect(grown("diskHits")).toBeGreaterThanOrEqual(4);
    expect(grown("compilations")).toBe(0);
    expect(after?.entries).toBe(before?.entries);
  });

  test("is listed and summed up", () => {
    const programs = list();
    for (const { bytes, spirvBytes, name } of programs) {
      expect(bytes).toBeGreaterThan(spirvBytes);
      expect(name).not.toContain(root);
    }
    const { folders } = json<{ folders: FolderStats[] }>(["stats"]);
    expect(folders).toHaveLength(1);
    expect(folders[0]).toMatchObject({ entries: programs.length, bad: [] });
    expect(folders[0]?.bytes).toBe(programs.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(folders[0]?.hitRate).toBeGreaterThan(0);
    expect(folders[0]?.hitRate).toBeLessThan(1);
    const { out } = cache(["stats"]);
    for (const label of ["programs", "hits", "misses", "hit rate", "compiled", "time saved"])
      expect(out).toMatch(new RegExp(`^  ${label} +\\S`, "m"));
    const table = cache(["list"]).out;
    expect(table).toContain(device.name);
    expect(table.trimEnd().split("\n")).toHaveLength(programs.length + 2);
    expect(out + table).not.toMatch(/undefined|NaN|\[object/);
  });

  test("is carried to another cache in one file", () => {
    const file = join(root, "all.ewa");
    const before = list();
    expect(json(["export", file])).toMatchObject({ programs: before.length, bad: 0 });
    directory = join(root, "carried");
    const taken = json<ImportAnswer>(["import", file]);
    expect(taken.refused).toEqual([]);
    expect(taken.imported).toHaveLength(before.length);
    expect(json<ImportAnswer>(["import", file])).toMatchObject({ imported: [], present: before.length });
    const ids = (rows: readonly Listed[]): string[] => rows.map(({ id }) => id).toSorted();
    expect(ids(list())).toEqual(ids(before));
    expect(preload("--all").compilations).toBe(0);
  });
});

describe("an entry that was damaged", () => {
  test.each<[string, (bytes: Buffer) => Buffer]>([
    ["by a bit", (bytes) => Buffer.from(bytes.map((byte, at) => (at === 500 ? byte ^ 1 : byte)))],
    ["by being cut short", (bytes) => bytes.subarray(0, 700)],
    ["by being emptied", () => Buffer.alloc(0)],
  ])("%s is told, moved away, and made anew", (_, damage) => {
    preload("search/line_ranks");
    const path = anEntry();
    const whole = readFileSync(path);
    writeFileSync(path, damage(whole));
    const told = json<{ good: number; bad: { id: string; reason: string }[] }>(["verify"], 1);
    expect(told.bad).toEqual([
      { id: expect.any(String) as string, reason: expect.stringMatching(/\w/) as string },
    ]);
    expect(path).toContain(told.bad[0]?.id);
    expect(json(["verify"])).toMatchObject({ bad: [] });
    expect(preload("search/line_ranks").programs).toMatchObject([{ state: "made" }]);
    expect(preload("search/line_ranks").programs).toMatchObject([{ state: "there" }]);
  });
});

describe("what is not taken from an archive", () => {
  test("is refused one by one, with the reason", async () => {
    preload("search/line_ranks", "search/newline_count");
    const own = join(root, "own.ewa");
    json(["export", own]);
    const entries: Uint8Array[] = [];
    for await (const item of readArchive(own)) if (item.entry !== undefined) entries.push(item.bytes);
    const total = list().length;
    const mixed = join(root, "mixed.ewa");
    await writeArchive(mixed, [entryBytes("foreign", { target: "another device" }), ...entries]);
    const damaged = readFileSync(mixed);
    damaged[damaged.length - 100] = (damaged[damaged.length - 100] ?? 0) ^ 1; // in the last entry
    writeFileSync(mixed, damaged);
    cache(["clear"]);
    const answer = json<ImportAnswer>(["import", mixed], 1);
    expect(answer.imported).toHaveLength(total - 1);
    expect(answer.refused.map(({ name, reason }) => `${name ?? "?"}: ${reason}`)).toEqual([
      "foreign: it is for another device, which is not here",
      expect.stringMatching(/^\?: the checksum of the entry/),
      expect.stringMatching(/has \d+ of its \d+ entries/),
    ]);
    expect(list()).toHaveLength(total - 1);
  });

  test.each([
    ["a file that is none", "nothing.ewa", "no archive"],
    ["a file that is not there", "absent.ewa", "does not exist"],
  ])("%s is an error", (_, name, message) => {
    writeFileSync(join(root, "nothing.ewa"), "hello");
    const { code, stderr } = cache(["import", join(root, name)]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

test("what is too much or too old is removed, the longest unused first", () => {
  preload("search/newline_count");
  preload("search/line_ranks");
  preload("search/line_ranks");
  const [newest] = list();
  const kept = newest?.bytes ?? 0;
  expect(json(["prune", "--max-age", "1"])).toMatchObject({ removed: 0 });
  expect(json(["prune", "--max-bytes", String(kept)])).toMatchObject({ kept: 1, keptBytes: kept });
  expect(list().map(({ id }) => id)).toEqual([newest?.id]);
  expect(json(["prune", "--max-age", "0"])).toMatchObject({ removed: 1, kept: 0 });
  expect(cache(["list"]).out).toBe("no programs\n");
});

describe("what is not understood", () => {
  test.each<[string[], RegExp]>([
    [[], /no command was given/],
    [["bogus"], /"cache bogus"/],
    [["constructor"], /"cache constructor"/],
    [["stats", "more"], /"more" is too much/],
    [["export"], /the file is missing/],
    [["import", "a", "b"], /"b" is too much/],
    [["preload"], /names of programs, or --all/],
    [["preload", "--all", "search/scan"], /names of programs, or --all/],
    [["preload", "search/bogus"], /no program "search\/bogus".*search\/scan/],
    [["stats", "--all"], /stats takes no --all/],
    [["list", "--max-age", "3"], /list takes no --max-age/],
    [["prune", "--max-age", "-1"], /max-age/],
    [["prune", "--max-bytes", "many"], /--max-bytes is "many"/],
    [["prune", "--bogus"], /bogus/],
  ])("%j ends with 2 and says what", (args, message) => {
    const { code, stderr, out } = cache(args);
    expect([code, out]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test("a cache that is switched off is told", () => {
    const { code, stderr } = cache(["stats"], { EVERWARP_PROGRAM_CACHE: "off" });
    expect(code).toBe(2);
    expect(stderr).toContain("switched off");
    expect(cache(["stats", "--directory", directory], { EVERWARP_PROGRAM_CACHE: "off" }).code).toBe(0);
  });

  test("help shows every command", () => {
    const { code, out } = cache(["--help"]);
    expect(code).toBe(0);
    for (const name of ["stats", "list", "preload", "prune", "verify", "clear", "export", "import"])
      expect(out).toMatch(new RegExp(`^  ${name} `, "m"));
  });
});
