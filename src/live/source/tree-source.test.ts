/** The hits of the screen's source, beside ripgrep's, while files change. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rgPath } from "@vscode/ripgrep";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eachInFreshFolder } from "../../../test/support/fresh-folder.ts";
import { until } from "../../../test/support/patience.ts";
import { servedTrees } from "../../../test/support/text-engines.ts";
import type { LiveHits, LiveQuery, TreeChoice } from "./contracts.ts";
import { TreeSource } from "./tree-source.ts";

/** Whose trees are searched. */
const HOLDERS = ["off", "running"] as const;
let holder: (typeof HOLDERS)[number] = "off";
const runtime = mkdtempSync(join(tmpdir(), "ew-live-"));
const before = process.env["XDG_RUNTIME_DIR"];
beforeAll(() => {
  process.env["XDG_RUNTIME_DIR"] = runtime;
});
afterAll(() => {
  if (before === undefined) delete process.env["XDG_RUNTIME_DIR"];
  else process.env["XDG_RUNTIME_DIR"] = before;
  rmSync(runtime, { recursive: true, force: true });
});

let folder: string;
eachInFreshFolder("source", (fresh) => (folder = fresh));
const sources: TreeSource[] = [];
afterEach(() => Promise.all(sources.splice(0).map((source) => source.close())));

const write = (name: string, text: string | Uint8Array): void => writeFileSync(join(folder, name), text);
const query = (pattern: string, more: Partial<LiveQuery> = {}): LiveQuery => ({
  pattern,
  caseMode: "smart",
  isRegex: true,
  isWord: false,
  ...more,
});

interface Opened {
  readonly source: TreeSource;
  readonly notices: string[];
  changeCount: number;
}

async function opened(choice: TreeChoice = { isHidden: false, globs: [] }): Promise<Opened> {
  const source = new TreeSource({ paths: [folder], daemon: holder, device: "cpu", threads: 1 });
  sources.push(source);
  const all: Opened = { source, notices: [], changeCount: 0 };
  await source.open(choice, {
    onChanged: () => void all.changeCount++,
    onNotice: (text) => void all.notices.push(text),
  });
  return all;
}

const search = ({ source }: Opened, asked: LiveQuery, maxHits = 1000): Promise<LiveHits> =>
  source.search(asked, maxHits, new AbortController().signal);

/** `path:line:column:text` of each line with a hit, as ripgrep prints it. */
const linesOf = (hits: LiveHits): string[] =>
  hits.lines.map((line) => {
    const text = Buffer.from(hits.excerpt(line)?.bytes ?? []).toString();
    return `${hits.path(line)}:${line.line}:${line.column}:${text}`;
  });

function ripgrepLines(...words: string[]): string[] {
  const flags = ["--no-config", "--sort=path", "--column", "--with-filename", "--no-heading"];
  const { stdout } = spawnSync(rgPath, [...flags, ...words, folder], { encoding: "utf8" });
  return stdout.split("\n").slice(0, -1);
}

/** Waits until hits are ripgrep's. */
async function untilAsRipgrep(all: Opened, pattern: string): Promise<void> {
  let same = false;
  void (async () => {
    while (!same) {
      const lines = await search(all, query(pattern)).then(linesOf, () => undefined);
      same = JSON.stringify(lines) === JSON.stringify(ripgrepLines("-S", pattern));
    }
  })();
  await until(() => same, 10);
}

describe.each(HOLDERS)("a source whose daemon is %s", (each) => {
  let daemon: AsyncDisposable | undefined;
  beforeAll(async () => {
    holder = each;
    if (each === "running") daemon = await servedTrees([tmpdir()]);
  });
  afterAll(() => daemon?.[Symbol.asyncDispose]());

  it("finds what ripgrep finds, with every switch", async () => {
    write("a", "Word words\nno\nsword (x\n\u017fword\n");
    write(".hidden", "word\n");
    write("b.txt", "a word\tb\n");
    const all = await opened();
    expect(linesOf(await search(all, query("word")))).toEqual(ripgrepLines("-S", "word"));
    expect(linesOf(await search(all, query("sword")))).toEqual(ripgrepLines("-S", "sword"));
    expect(linesOf(await search(all, query("Word")))).toEqual(ripgrepLines("-S", "Word"));
    expect(linesOf(await search(all, query("word", { isWord: true })))).toEqual(ripgrepLines("-Sw", "word"));
    expect(linesOf(await search(all, query("word", { caseMode: "sensitive" })))).toEqual(
      ripgrepLines("word"),
    );
    expect(linesOf(await search(all, query("(x", { isRegex: false })))).toEqual(ripgrepLines("-F", "(x"));
    await all.source.choose({ isHidden: true, globs: ["!b.txt"] });
    expect(linesOf(await search(all, query("word")))).toEqual(ripgrepLines("-S.g!b.txt", "word"));
    await expect(search(all, query("("))).rejects.toMatchObject({ code: "EW_BAD_PATTERN" });
    await expect(all.source.choose({ isHidden: false, globs: ["{"] })).rejects.toMatchObject({
      code: "EW_BAD_FLAG_VALUE",
    });
    expect(linesOf(await search(all, query("word")))).toEqual(ripgrepLines("-S.g!b.txt", "word"));
  });

  it("shows long lines, other encodings and the lines around a hit", async () => {
    write("long", `${"a".repeat(9000)}needle${"b".repeat(9000)}\n`);
    write("marked", "\ufeffneedle one\nneedle two\n");
    write("utf16", Buffer.from("\ufeffx\nthe needle\r\n", "utf16le"));
    write(
      "lines",
      Array.from({ length: 50 }, (_, at) => (at === 24 ? "needle" : `line ${at + 1}`)).join("\n"),
    );
    const all = await opened();
    const hits = await search(all, query("needle"));
    const shown = (file: string): [text: string, isCut: boolean[]][] =>
      hits.lines
        .filter((line) => hits.path(line).endsWith(file))
        .map((line) => {
          const excerpt = hits.excerpt(line);
          if (excerpt === undefined) throw new Error("the file has changed");
          const [match] = excerpt.matches;
          expect(Buffer.from(excerpt.bytes.subarray(match?.begin, match?.end)).toString()).toBe("needle");
          return [Buffer.from(excerpt.bytes).toString(), [excerpt.isCutBefore, excerpt.isCutAfter]];
        });
    const [long, cuts] = shown("long")[0] ?? ["", []];
    expect(long).toMatch(/^a+needleb+$/);
    expect(long.length).toBeLessThan(9000);
    expect(cuts).toEqual([true, true]);
    expect(shown("marked").map(([text]) => text)).toEqual(["needle one", "needle two"]);
    expect(shown("utf16").map(([text]) => text)).toEqual(["the needle"]);
    const middle = hits.lines.find((line) => hits.path(line).endsWith("lines"));
    if (middle === undefined) throw new Error("there is no hit");
    const around = hits
      .around(middle, 2, 3)
      .map(({ line, bytes }) => `${line} ${Buffer.from(bytes).toString()}`);
    expect(around).toEqual([
      "23 line 23",
      "24 line 24",
      "25 needle",
      "26 line 26",
      "27 line 27",
      "28 line 28",
    ]);
  });

  it("ends early, and counts what it has not listed", async () => {
    write("many", "skip this\n".repeat(5000));
    const all = await opened();
    const hits = await search(all, query("s"), 10);
    expect([hits.count, hits.isTruncated]).toEqual([10, true]);
    expect(await all.source.count(query("s"), new AbortController().signal)).toBe(10_000);
  });

  it("sees every change by itself", async () => {
    write("a", "needle\n");
    const all = await opened();
    write("a", "two needles\nneedle\n");
    await untilAsRipgrep(all, "needle");
    mkdirSync(join(folder, "deep", "er"), { recursive: true });
    write("deep/er/b", "needle\n");
    await untilAsRipgrep(all, "needle");
    renameSync(join(folder, "deep"), join(folder, "moved"));
    await untilAsRipgrep(all, "needle");
    write("moved/er/b", "another needle\n");
    await untilAsRipgrep(all, "needle");
    mkdirSync(join(folder, ".git"));
    write(".gitignore", "a\n");
    await untilAsRipgrep(all, "needle");
    rmSync(join(folder, "moved"), { recursive: true });
    await untilAsRipgrep(all, "needle");
    expect(all.notices).toEqual([]);
  });

  it("gives no text of a file that is another one now, and never waits for one", async () => {
    write("a", "one\nneedle\n");
    write("b", "needle\n");
    const all = await opened();
    const hits = await search(all, query("needle"));
    write("a", "x needle\n");
    rmSync(join(folder, "b"));
    execFileSync("mkfifo", [join(folder, "b")]);
    expect(hits.lines.map((line) => hits.excerpt(line))).toEqual([undefined, undefined]);
    rmSync(join(folder, "b"));
    symlinkSync("/dev/zero", join(folder, "b"));
    expect((await search(all, query("needle"))).lines.length).toBeGreaterThanOrEqual(0);
    const line = hits.lines[1];
    if (line === undefined) throw new Error("there is no second line");
    expect(hits.around(line, 3, 3)).toEqual([]);
  });

  it("calls a search off, and can be closed while it loads", async () => {
    write("a", "needle\n");
    const all = await opened();
    const abort = new AbortController();
    abort.abort();
    await expect(all.source.search(query("needle"), 10, abort.signal)).rejects.toMatchObject({
      code: "EW_ABORTED",
    });
    const loading = all.source.choose({ isHidden: true, globs: [] });
    await all.source.close();
    await loading;
    await expect(search(all, query("needle"))).rejects.toMatchObject({ code: "EW_CLOSED" });
  });

  it("says whose engine searches, and how much there is", async () => {
    write("a", "needle\n");
    const all = await opened();
    expect(all.source.facts).toMatchObject({ fileCount: 1, contentBytes: 7 });
    expect(/daemon/.test(all.source.facts?.device ?? "")).toBe(each === "running");
    write("b", "needle\n");
    await until(() => all.source.facts?.fileCount === 2, 10);
    expect(all.changeCount).toBeGreaterThan(1);
  });
});

describe("a daemon that ends while a source asks it", () => {
  it("is replaced by trees of the source's own", async () => {
    holder = "running";
    const daemon = await servedTrees([folder]);
    write("a", "needle\n");
    const all = await opened();
    expect(all.source.facts?.device).toMatch(/daemon/);
    await daemon[Symbol.asyncDispose]();
    write("b", "needle\n");
    expect((await search(all, query("needle"))).count).toBe(2);
    expect(all.source.facts?.device).not.toMatch(/daemon/);
    write("c", "needle\n");
    await untilAsRipgrep(all, "needle");
    expect(all.notices).toEqual([]);
  });

  it("that does not hold the tree is not asked", async () => {
    holder = "running";
    await using _daemon = await servedTrees([runtime]);
    write("a", "needle\n");
    const all = await opened();
    expect(all.source.facts?.device).not.toMatch(/daemon/);
    expect((await search(all, query("needle"))).count).toBe(1);
  });
});
