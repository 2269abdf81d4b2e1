/** Tools that a daemon answers, beside the same tools with a process for each call; and further patterns. */
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dir } from "../support/cli.ts";
import { DaemonPlaceForTests, type DaemonProcess } from "../support/daemon-process.ts";
import { childrenOf, McpSession } from "../support/mcp-session.ts";
import { until } from "../support/patience.ts";

let dir: Dir;
let place: DaemonPlaceForTests;
let daemon: DaemonProcess;
let through: McpSession;
let alone: McpSession;

beforeAll(async () => {
  dir = new Dir("mcp-daemon").file(".git/HEAD", "");
  for (let file = 0; file < 30; file++)
    dir.file(
      `src/${file % 3}/f${file}.ts`,
      `import { x${file} } from "y";\nneedle ${file}\n${"hay\n".repeat(file)}needle stack\n`,
    );
  dir.file("binary", "needle\0needle\n").file("utf16", Buffer.from("\ufeffneedle ü\n", "utf16le"));
  dir.file(".hidden", "needle\n");
  place = new DaemonPlaceForTests();
  daemon = await place.serve(dir.path);
  through = await McpSession.open(dir.path, [], { ...place.env, EVERWARP_DAEMON: "running" });
  alone = await McpSession.open(dir.path);
});
afterAll(async () => {
  await through?.[Symbol.asyncDispose]();
  await alone?.[Symbol.asyncDispose]();
  await place?.stop().catch(() => undefined); // a test has ended it
  place?.[Symbol.dispose]();
  dir?.remove();
});

const CALLS: readonly [string, Record<string, unknown>][] = [
  ["search", { pattern: "needle" }],
  ["search", { pattern: "NEEDLE", ignoreCase: true, contextBefore: 1, contextAfter: 2 }],
  ["search", { pattern: "needle", maxBytes: 600 }],
  ["search", { pattern: "needle", maxHits: 7 }],
  ["search", { pattern: "needle", maxHits: 7, show: "files" }],
  ["search", { pattern: "hay", show: "counts" }],
  ["search", { pattern: "hay", show: "counts", sort: "count" }],
  ["search", { pattern: "hay", show: "filesWithout" }],
  ["search", { pattern: "needle", and: ["stack"], hidden: true }],
  ["search", { pattern: "needle", not: ["stack", "1"], globs: ["*.ts"] }],
  ["search", { pattern: "import", fileAnd: ["hay", "x2"], fileNot: ["x29"] }],
  ["search", { pattern: "nowhere" }],
  ["search", { pattern: "(" }],
  ["search", { pattern: "x", globs: ["[z"] }],
  ["search", { pattern: "needle", paths: ["src/1", "binary"] }],
  ["files", {}],
  ["files", { globs: ["*1.ts"], maxBytes: 500 }],
  ["read_lines", { path: "src/1/f7.ts", from: 2, to: 5 }],
  ["read_lines", { path: "utf16" }],
  ["read_lines", { path: "binary" }],
];

describe("a tool that a daemon answers", () => {
  it.each(CALLS)("says what it says without: %s %j", async (name, given) => {
    expect(await through.call(name, given)).toEqual(await alone.call(name, given));
  });

  it("starts no process for what the daemon answers", async () => {
    const before = (await place.report()).searches.answered;
    for (let call = 0; call < 5; call++) {
      await through.text("search", { pattern: "needle" });
      expect(childrenOf(through.pid)).toEqual([]);
    }
    expect((await place.report()).searches.answered).toBe(before + 5);
  });

  it("sees every change that was made before it was asked", async () => {
    for (let round = 0; round < 20; round++) {
      appendFileSync(join(dir.path, "changing"), `needle ${round}\n`);
      const text = await through.text("search", { pattern: "needle", paths: ["."], globs: ["changing"] });
      expect(text).toMatch(new RegExp(`^${round + 1} matching lines? in 1 file`));
    }
  });

  it("is called off by the agent, in the daemon too", async () => {
    writeFileSync(join(dir.path, "large"), "abcabcab ".repeat(1_500_000));
    const cancel = new AbortController();
    const call = through.call("search", { pattern: "([a-c]+ )*[a-c]{5}x" }, cancel.signal);
    while ((await place.report()).searches.running === 0) await until(() => true);
    cancel.abort();
    await expect(call).rejects.toThrow();
    while ((await place.report()).searches.running > 0) await until(() => true);
    rmSync(join(dir.path, "large"));
  });

  it("is answered without the daemon when that is killed", async () => {
    const expected = await alone.call("search", { pattern: "hay" });
    await daemon.kill();
    expect(await through.call("search", { pattern: "hay" })).toEqual(expected);
  });
});

describe("further patterns", () => {
  it("choose lines and files, and counts can be sorted", async () => {
    const lines = await alone.body("search", { pattern: "needle", and: ["stack"], paths: ["src/0/f3.ts"] });
    expect(lines).toBe("src/0/f3.ts\n6:needle stack");
    const files = await alone.body("search", {
      pattern: "import",
      fileNot: ["hay"],
      fileAnd: ["needle"],
      show: "files",
    });
    expect(files).toBe("src/0/f0.ts");
    const pages = await alone.pages("search", {
      pattern: "hay",
      show: "counts",
      sort: "count",
      maxBytes: 500,
    });
    const counts = pages.join("\n").split("\n");
    expect(pages.length).toBeGreaterThan(0);
    expect(counts).toEqual(
      Array.from({ length: 29 }, (_, index) => 29 - index).map(
        (file) => `src/${file % 3}/f${file}.ts: ${file}`,
      ),
    );
    expect(await alone.call("search", { pattern: "hay", sort: "count" })).toMatchObject({
      isError: true,
      text: expect.stringMatching(/counts.*EW_BAD_ARGUMENT/),
    });
  });
});

describe("without a daemon", () => {
  it("the first search starts one for the folders, which answers the next ones", async () => {
    using own = new DaemonPlaceForTests();
    await using session = await McpSession.open(dir.path, ["src"], own.env);
    const first = await session.text("search", { pattern: "needle 2" });
    let report = await own.report().catch(() => undefined);
    while (report === undefined) report = await own.report().catch(() => undefined);
    expect(report.trees).toEqual([join(dir.path, "src")]);
    expect(await session.text("search", { pattern: "needle 2" })).toBe(first);
    expect((await own.report()).searches.answered).toBeGreaterThan(0);
    await own.stop();
  });
});
