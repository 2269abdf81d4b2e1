/** `everwarp mcp` through the official SDK's client: what each tool answers, compared with ripgrep. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dir, runRipgrep } from "../support/cli.ts";
import { cornerCases } from "../support/cli-trees.ts";
import { McpSession, splitAnswer } from "../support/mcp-session.ts";

/** Text files alone. The order of these names differs with and without the folders. */
function textTree(): Dir {
  const dir = new Dir("mcp");
  for (const [folder, count] of [
    ["src", 40],
    ["src/deep", 25],
    ["src-b", 5],
    ["src.c", 5],
    ["docs", 10],
  ] as const)
    for (let file = 0; file < count; file++) {
      const lines = Array.from({ length: 30 }, (_, line) =>
        (line + file) % 7 === 0
          ? `const needle${line} = "Needle ${file}";`
          : `filler ${line} of ${file}, naïve (x`,
      );
      dir.file(`${folder}/file${file}.${file % 3 === 0 ? "md" : "ts"}`, `${lines.join("\n")}\n`);
    }
  return dir
    .file(".hidden/needle.ts", "needle hidden\n")
    .file("ignored.log", "needle ignored\n")
    .file(".ignore", "*.log\n")
    .file("- odd", "needle\n- dash\n")
    .file("a\nb.txt", "needle in an odd name\n");
}

const dir = textTree();
const corners = cornerCases();
let agent: McpSession;
beforeAll(async () => {
  agent = await McpSession.open(dir.path);
});
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  dir.remove();
  corners.remove();
});

const ripgrep = (args: readonly string[], path = dir.path): string =>
  runRipgrep(path, [...args, "--sort=path"])
    .stdout.toString("utf8")
    .replaceAll("\r", "")
    .replace(/\n$/, "");

describe("the server", () => {
  it("offers four tools that only read, each with a schema that takes no other parameters", async () => {
    const { tools } = await agent.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["search", "files", "read_lines", "paths"]);
    for (const { annotations, inputSchema, description } of tools) {
      expect(annotations).toMatchObject({ readOnlyHint: true, openWorldHint: false });
      expect(inputSchema).toMatchObject({ type: "object", additionalProperties: false });
      expect(description).not.toBe("");
    }
  });
});

/** Each as an agent asks, and as ripgrep is asked. */
const QUERIES: readonly [Record<string, unknown>, readonly string[]][] = [
  [{ pattern: "needle" }, ["needle"]],
  [{ pattern: "needle\\d+ =", globs: ["*.ts", "!src/deep"] }, ["needle\\d+ =", "-g*.ts", "-g!src/deep"]],
  [{ pattern: "(x", fixedStrings: true, maxHitsPerFile: 2 }, ["-F", "(x", "-m2"]],
  [{ pattern: "NEEDLE", ignoreCase: true, types: ["md"] }, ["-i", "NEEDLE", "-tmd"]],
  [{ pattern: "needle 3", smartCase: true }, ["-S", "needle 3"]],
  [{ pattern: "Needle 3", smartCase: true }, ["-S", "Needle 3"]],
  [{ pattern: "Needle", word: true, notTypes: ["md"] }, ["-w", "Needle", "-Tmd"]],
  [{ pattern: "needle", wholeLine: true }, ["-x", "needle"]],
  [
    { pattern: "filler|const", invert: true, hidden: true, noIgnore: true },
    ["-v", "filler|const", "-.", "--no-ignore"],
  ],
  [{ pattern: ["needle1 ", "needle2 "], maxDepth: 2 }, ["-eneedle1 ", "-eneedle2 ", "-d2"]],
  [{ pattern: "needle", contextBefore: 1, contextAfter: 2 }, ["needle", "-B1", "-A2"]],
  [{ pattern: "needle7 ", contextAfter: 1, maxHitsPerFile: 1 }, ["needle7 ", "-A1", "-m1"]],
  [{ pattern: "- d" }, ["-e- d"]],
  [{ pattern: "needle", paths: ["src/deep", "docs"] }, ["needle", "src/deep", "docs"]],
  [{ pattern: "needle", paths: ["ignored.log"] }, ["-H", "needle", "ignored.log"]],
];

describe("search", () => {
  it.for(QUERIES)("shows what ripgrep shows: %j", async ([given, args]) => {
    const answer = splitAnswer(await agent.text("search", { ...given, maxBytes: 200_000 }));
    expect(answer.cursor).toBeUndefined();
    expect(answer.body).toBe(ripgrep(["--heading", "-n", ...args]));
    expect(answer.head).toBe(headOf(args));
  });

  /** The numbers, from ripgrep's own summary. */
  function headOf(args: readonly string[]): string {
    const last =
      ripgrep(["--json", ...args])
        .split("\n")
        .at(-1) ?? "";
    const { matched_lines: lines, searches_with_match: files } = JSON.parse(last).data.stats;
    const count = (value: number, one: string): string =>
      `${value.toLocaleString("en")} ${one}${value === 1 ? "" : "s"}`;
    return `${count(lines, "matching line")} in ${count(files, "file")}.`;
  }

  it("has the same lines where files are hard: encodings, ends of lines, names, NUL bytes", async () => {
    await using there = await McpSession.open(corners.path);
    for (const pattern of ["foo", "bar$", "ünï"]) {
      const expected = ripgrep(["--json", pattern], corners.path)
        .split("\n")
        .map((line) => JSON.parse(line))
        .filter(({ type }) => type === "match")
        .map(({ data }) => `${textOf(data.path)}:${data.line_number}:${shownText(textOf(data.lines))}`);
      expect(expected.length).toBeGreaterThan(0);
      const bodies = await there.pages("search", { pattern, maxBytes: 200_000 });
      const clipped = /:[^:]*\[… \d+ characters\].*$/;
      expect(rowsOf(bodies).map((row) => row.replace(clipped, ":(long)"))).toEqual(expected);
    }
  });

  const shownText = (line: string): string => (line.length > 500 ? "(long)" : line.replace(/\r?\n$/, ""));

  const textOf = ({ text, bytes }: { text?: string; bytes?: string }): string =>
    text ?? Buffer.from(bytes ?? "", "base64").toString("utf8");

  it("lists files with a match, without one, and with counts", async () => {
    const given = { pattern: "needle2 ", maxBytes: 200_000 };
    expect(await agent.body("search", { ...given, show: "files" })).toBe(ripgrep(["-l", "needle2 "]));
    expect(await agent.body("search", { ...given, show: "filesWithout" })).toBe(
      ripgrep(["--files-without-match", "needle2 "]),
    );
    const counts = await agent.text("search", { ...given, pattern: "needle", show: "counts" });
    const expected = ripgrep(["-c", "-0", "needle"]).replaceAll("\0", ": ");
    expect(splitAnswer(counts).body).toBe(expected);
    const sum = expected.match(/(?<=: )\d+$/gm)!.reduce((total, count) => total + Number(count), 0);
    expect(counts).toMatch(
      new RegExp(`^${sum} matching lines in ${expected.match(/: \d+$/gm)!.length} files\\.`),
    );
  });

  it("gives all of it in pages", async () => {
    for (const given of [{ pattern: "needle" }, { pattern: "needle", contextBefore: 2, contextAfter: 1 }]) {
      const pages = await agent.pages("search", { ...given, maxBytes: 1_000 });
      expect(pages.length).toBeGreaterThan(10);
      for (const page of pages) expect(Buffer.byteLength(page)).toBeLessThanOrEqual(1_000);
      const context = "contextBefore" in given ? ["-B2", "-A1"] : [];
      const whole = ripgrep(["--heading", "-n", "needle", ...context]);
      expect(rowsOf(pages)).toEqual(rowsOf([whole]));
    }
  });

  it("gives lists in pages", async () => {
    const given = { pattern: "needle", maxBytes: 500 };
    const files = await agent.pages("search", { ...given, show: "files" });
    expect(files.length).toBeGreaterThan(2);
    expect(files.join("\n")).toBe(ripgrep(["-l", "needle"]));
    const counts = await agent.pages("search", { ...given, show: "counts", paths: ["src.c", "src", "docs"] });
    expect(counts.join("\n")).toBe(
      ripgrep(["-c", "-0", "needle", "src.c", "src", "docs"]).replaceAll("\0", ": "),
    );
  });

  it("ends where it is told to, and says so", async () => {
    const answer = await agent.text("search", {
      pattern: "needle",
      maxHits: 3,
      contextBefore: 1,
      contextAfter: 1,
    });
    expect(answer).toMatch(/^More than 3 matching lines in \d files?; the search ended there\./);
    expect(answer.match(/^\d+:/gm)).toHaveLength(3);
    const files = await agent.text("search", { pattern: "needle", maxHits: 2, show: "files" });
    expect(files).toMatch(/^More than 2 files with a match; the search ended there\./);
    const all = await agent.text("search", { pattern: 'Needle 3"', paths: ["docs"], maxHits: 4 });
    expect(all).toMatch(/^4 matching lines in 1 file\.\n/);
  });

  it("says what to do where nothing was found", async () => {
    expect(await agent.text("search", { pattern: "nowhere-at-all" })).toMatch(
      /^No line matches\. Try ignoreCase/,
    );
    expect(await agent.text("search", { pattern: "needle", globs: ["*.nothing"] })).toMatch(
      /^No line matches\. No file was searched\. Look with the files tool/,
    );
  });

  it("sees every change that was made before it was asked", async () => {
    const given = { pattern: "fresh", paths: ["docs"], show: "files" };
    dir.file("docs/new.txt", "fresh\n");
    expect(await agent.body("search", given)).toBe("docs/new.txt");
    dir.file("docs/new.txt", "stale\n");
    expect(await agent.text("search", given)).toMatch(/^No line matches/);
    rmSync(join(dir.path, "docs/new.txt"));
  });

  it("continues at the same place when files before it are gone, and at the next where that is gone", async () => {
    const changing = new Dir("mcp-changing");
    for (const name of ["a", "b", "c", "d", "e"]) changing.file(name, `needle ${name.repeat(200)}\n`);
    await using there = await McpSession.open(changing.path);
    const given = { pattern: "needle", maxBytes: 500 };
    const first = splitAnswer(await there.text("search", given));
    expect(first.body.match(/needle ./g)).toEqual(["needle a", "needle b"]);
    for (const name of ["a", "b"]) rmSync(join(changing.path, name));
    const second = splitAnswer(await there.text("search", { ...given, cursor: first.cursor }));
    expect(second.body.match(/needle ./g)).toEqual(["needle c", "needle d"]);
    changing.remove();
  });

  it("cuts lines that are very long around the match", async () => {
    dir.file("docs/long.txt", `${"a".repeat(5_000)}NEEDLE-LONG${"b".repeat(5_000)}\n`);
    const answer = await agent.body("search", { pattern: "NEEDLE-LONG" });
    expect(answer).toMatch(/^docs\/long\.txt\n1:\[… \d+ characters\] a+NEEDLE-LONGb+ \[… \d+ characters\]$/);
    expect(answer.length).toBeLessThan(700);
    rmSync(join(dir.path, "docs/long.txt"));
  });
});

describe("files", () => {
  it("lists what ripgrep lists, with the number first", async () => {
    for (const [given, args] of [
      [{}, []],
      [{ globs: ["**/*1*"], hidden: true }, ["-g**/*1*", "-."]],
      [{ types: ["md"], paths: ["src", "docs"] }, ["-tmd", "src", "docs"]],
      [{ noIgnore: true, maxDepth: 1 }, ["--no-ignore", "-d1"]],
    ] as const) {
      const expected = ripgrep(["--files", ...args]);
      const count = ripgrep(["--files", "-0", ...args]).split("\0").length - 1;
      const answer = await agent.text("files", { ...given, maxBytes: 200_000 });
      expect(splitAnswer(answer)).toEqual({
        head: `${count} file${count === 1 ? "" : "s"}.`,
        body: expected,
        cursor: undefined,
      });
    }
  });

  it("lists in pages", async () => {
    const pages = await agent.pages("files", { maxBytes: 500 });
    expect(pages.length).toBeGreaterThan(2);
    expect(pages.join("\n")).toBe(ripgrep(["--files"]));
  });

  it("says what to do where there are none", async () => {
    expect(await agent.text("files", { globs: ["*.nothing"] })).toMatch(
      /^No files\. Look with the files tool/,
    );
  });
});

/** Lines with their paths before them, without the heads of pages and what separates groups. */
function rowsOf(pages: readonly string[]): string[] {
  return pages.flatMap((page) =>
    page.split(/\n\n(?!\d+[:-])/).flatMap((part) => {
      const begin = part.search(/\n\d+[:-]/);
      const lines = part.slice(begin + 1).split("\n");
      return lines
        .filter((line) => line !== "--" && !line.startsWith("[a binary file"))
        .map((line) => `${part.slice(0, begin)}:${line}`);
    }),
  );
}
