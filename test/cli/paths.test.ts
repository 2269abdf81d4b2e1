/** `everwarp paths` on real directories, in this process and as one of its own; and its example. */
import { execFileSync, spawnSync } from "node:child_process";
import { lstatSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { run } from "../../src/cli/commands/paths.ts";
import { Dir } from "../support/cli.ts";
import { captured } from "../support/environment.ts";
import { TEST_TIMEOUT_MS } from "../support/patience.ts";

// The examples import the package by its name; here that is the sources, whatever was built last.
vi.mock("everwarp", () => import("../../src/index.ts"));
const { compare } = await import("../../examples/paths.ts");

const dir = new Dir("paths")
  .file("src/main.rs", "")
  .file("docs/a b\nc", "")
  .file(Buffer.from([0xff, 0x78]), "")
  .link("link", "src")
  .link("dangling", "nowhere")
  .link("loop", "loop");
afterAll(() => dir.remove());

const PATHS = [
  "src/main.rs",
  "/link/main.rs",
  "link",
  "dangling",
  "loop",
  "src/main.rs/",
  "/..",
  "",
  "none/x",
];

async function* chunks(parts: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

async function paths(
  args: readonly string[],
  parts: readonly (string | Buffer)[] = [],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { environment, outBytes, errors } = captured({ stdinIsReadable: true });
  const code = await run([...args, "--device", "cpu"], environment, { stdin: chunks(parts) });
  return { code, stdout: outBytes().toString("latin1"), stderr: errors() };
}

/** What `node:fs` says of each, as the command prints it without its inode numbers. */
function expected(list: readonly string[], follow: boolean): string[] {
  return list.map((path) => {
    try {
      // The tree is "/": its own `..` is itself.
      const inside = path === "/.." ? dir.path : path === "" ? "" : `${dir.path}/${path}`;
      const stat = (follow ? statSync : lstatSync)(inside);
      return `${stat.isDirectory() ? "directory" : stat.isSymbolicLink() ? "symlink" : "file"} ${path}`;
    } catch (error) {
      return `${(error as NodeJS.ErrnoException).code} ${path}`;
    }
  });
}

/** Lines without inode numbers. */
function answers(stdout: string, separator = "\n"): string[] {
  return stdout
    .split(separator)
    .slice(0, -1)
    .map((line) => line.replace(/^\d+\t(\w+)\t/, "$1 ").replace(/^(E\w+)\t-\t/, "$1 "));
}

describe("everwarp paths", () => {
  it.each([[], ["--no-follow"]])("answers every line in order, as node:fs does %s", async (...flags) => {
    const list = [...PATHS, ...Array.from({ length: 3000 }, (_, index) => PATHS[index % PATHS.length]!)];
    const { code, stdout, stderr } = await paths([dir.path, "--stdin", ...flags], [`${list.join("\n")}\n`]);
    expect([code, stderr]).toEqual([1, ""]);
    expect(answers(stdout)).toEqual(expected(list, flags.length === 0));
  });

  it("takes input in any pieces, with or without a last separator", async () => {
    const text = PATHS.join("\n");
    for (const parts of [[text], text.split(""), [`${text}\n`], [text.slice(0, 30), text.slice(30)]])
      expect(answers((await paths([dir.path, "--stdin"], parts)).stdout)).toEqual(expected(PATHS, true));
    expect((await paths([dir.path, "--stdin"], [])).stdout).toBe("");
  });

  it("takes any bytes: NUL as separator, line feeds in names, names that are no UTF-8", async () => {
    const odd = Buffer.from([0xff, 0x78]);
    const input = [Buffer.from("docs/a b\nc\0"), odd, Buffer.of(0), Buffer.from("missing")];
    const { code, stdout } = await paths([dir.path, "--stdin", "-0"], input);
    expect(code).toBe(1);
    expect(answers(stdout, "\0")).toEqual(["file docs/a b\nc", "file \xffx", "ENOENT missing"]);
    const json = await paths([dir.path, "--stdin", "--null", "--json"], input);
    const lines = json.stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { path: { text: "docs/a b\nc" }, kind: "file" },
      { path: { bytes: odd.toString("base64") }, kind: "file" },
      { path: { text: "missing" }, code: "ENOENT", errno: -2 },
    ]);
  });

  it("says what it has loaded, saves it, and loads it again", async () => {
    const file = join(dir.path, "src/saved");
    expect((await paths([dir.path])).stdout).toMatch(/^8 entries in \d+ ms, .* MB, on \d+ threads/);
    const { stdout } = await paths([dir.path, "--json", "--save", file]);
    expect(JSON.parse(stdout)).toMatchObject({ entryCount: 8, kind: "host" });
    const { code, stdout: line } = await paths([file, "--stdin"], ["link/main.rs"]);
    expect([code, answers(line)]).toEqual([0, ["file link/main.rs"]]);
  });

  it("refuses what it does not understand", async () => {
    for (const args of [[], ["a", "b"], [dir.path, "--wrong"], [dir.path, "--threads", "x"]])
      await expect(paths(args)).rejects.toMatchObject({ code: "EW_BAD_ARGUMENT" });
    await expect(paths(["a", "b"])).rejects.toThrow(/2 trees.*--help/);
    await expect(paths([join(dir.path, "none")])).rejects.toMatchObject({ code: "EW_PATH_NOT_FOUND" });
    expect((await paths(["--help"])).stdout).toMatch(/^everwarp paths TREE/);
  });

  it("runs as a process that ends by itself, for large input too", () => {
    const input = Array.from({ length: 20_000 }, (_, index) => PATHS[index % 3]!).join("\n");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "src/cli/main.ts", "paths", dir.path, "--stdin", "--device", "cpu"],
      { cwd: packageRoot(), input, encoding: "utf8", timeout: TEST_TIMEOUT_MS / 2 },
    );
    expect([status, stderr]).toEqual([0, ""]);
    expect(answers(stdout)).toHaveLength(20_000);
  });
});

describe("examples/paths.ts", () => {
  it("resolves the path list of a real repository: this one", async () => {
    const root = packageRoot();
    // What git lists and the working tree has; a tree without git is checked by what it tells.
    const listed = spawnSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
    const list =
      listed.status === 0
        ? listed.stdout.split("\0").filter(Boolean)
        : execFileSync("find", ["src", "-type", "f"], { cwd: root, encoding: "utf8" }).trim().split("\n");
    const missing = list.filter(
      (path) => lstatSync(join(root, path), { throwIfNoEntry: false }) === undefined,
    );
    const report = await compare(root, [...list, "src/no such file", "package.json/x"], { device: "cpu" });
    expect(report.pathCount).toBe(list.length + 2);
    expect(report.missing).toEqual([
      ...missing.map((path) => ({ path, code: "ENOENT" })),
      { path: "src/no such file", code: "ENOENT" },
      { path: "package.json/x", code: "ENOTDIR" },
    ]);
  });
});
