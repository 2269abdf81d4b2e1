/** The command line as a real process: what only shows there. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, closeSync, ftruncateSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { rgPath } from "@vscode/ripgrep";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundledCommandLine } from "../support/cli-process.ts";
import {
  describeDifference,
  Dir,
  type Outcome,
  runRipgrep,
  type RunOptions,
  spawned,
} from "../support/cli.ts";
import { cornerCases } from "../support/cli-trees.ts";

let program: string;
let corners: Dir;
beforeAll(async () => {
  program = await bundledCommandLine();
  corners = cornerCases();
});
afterAll(() => {
  corners.remove();
});

function run(dir: Dir, args: readonly string[], options: RunOptions = {}): Outcome {
  return spawned(process.execPath, [program, "search", ...args], dir.path, options);
}

function differenceOfProcesses(
  dir: Dir,
  args: readonly string[],
  options: RunOptions = {},
): string | undefined {
  return describeDifference(args, run(dir, args, options), runRipgrep(dir.path, args, options));
}

describe("a real process", () => {
  it.each([
    ["foo", "."],
    ["-n", "foo"],
    ["--json", "--sort=path", "foo"],
    ["-c", "--sort=path", "foo"],
    ["--files", "--sort=path"],
    ["--type-list"],
    ["foo", "missing"],
    ["("],
    ["--unknown"],
    ["fo+", "plain.txt"],
  ])("prints what ripgrep prints: %s %s %s", (...args) => {
    expect(differenceOfProcesses(corners, args)).toBeUndefined();
  });

  const streams: [string, Buffer | string][] = [
    ["text", "foo\nbar\nfoo bar"],
    ["nothing", ""],
    ["binary", "foo\n\0\nfoo\n"],
    ["late NUL", `foo\n${"filler\n".repeat(30_000)}foo\n\0\nfoo\n`],
    ["UTF-16", Buffer.from("\ufefffoo\nbar ünï foo\n", "utf16le")],
    ["UTF-8 mark", "\ufefffoo\nfoo\n"],
    ["large", "some line of text that has no hit\n".repeat(20_000) + "foo\n"],
  ];
  describe.each(streams)("standard input: %s", (_name, stdin) => {
    it.each([
      ["foo"],
      ["foo", "-"],
      ["-n", "foo", "-", "plain.txt"],
      ["-c", "foo"],
      ["-nC1", "foo"],
      ["--json", "foo", "-"],
      ["-l", "foo"],
      ["-v", "-m2", "foo"],
      ["--stats", "foo"],
    ])("%s %s %s %s", (...args) => {
      expect(differenceOfProcesses(corners, args, { stdin })).toBeUndefined();
    });
  });

  it("reads patterns from standard input", () => {
    expect(
      differenceOfProcesses(corners, ["-f", "-", "--sort=path", "-n"], { stdin: "foo\nbar\n" }),
    ).toBeUndefined();
    expect(differenceOfProcesses(corners, ["-f", "-", "-f", "-"], { stdin: "foo\n" })).toBeUndefined();
    expect(differenceOfProcesses(corners, ["-f", "-", "-"], { stdin: "foo\n" })).toBeUndefined();
    expect(differenceOfProcesses(corners, ["-f", "no-such-file"])).toBeUndefined();
  });

  it("heeds RIPGREP_CONFIG_PATH, unless told not to", () => {
    const dir = new Dir("config")
      .file("a.txt", "foo\nFOO\n")
      .file("config", "# comment\n--ignore-case\n\n  -n\n");
    for (const args of [
      ["foo", "a.txt"],
      ["-s", "foo", "a.txt"],
      ["--no-config", "foo", "a.txt"],
      ["-N", "foo", "a.txt"],
    ])
      expect(
        differenceOfProcesses(dir, args, { env: { RIPGREP_CONFIG_PATH: join(dir.path, "config") } }),
      ).toBeUndefined();
    for (const path of ["", join(dir.path, "missing")])
      expect(
        differenceOfProcesses(dir, ["foo", "a.txt"], { env: { RIPGREP_CONFIG_PATH: path } }),
      ).toBeUndefined();
    dir.remove();
  });
});

const hasScript = spawnSync("script", ["--version"]).status === 0;

describe("on a terminal (needs script(1) of util-linux, which makes one)", () => {
  const lines = [
    "foo",
    "-n foo plain.txt",
    "foo plain.txt",
    "--files",
    "-C1 foo",
    "-c foo",
    "-l foo",
    "--vimgrep foo",
    "--no-heading foo",
    "--color=never foo",
    "-N foo",
    "-o foo",
    "-v foo sub",
    "foo missing",
  ];
  it.skipIf(!hasScript).each(lines)("%s", (line) => {
    for (const TERM of ["xterm", "dumb"]) {
      const inTerminal = (command: string): string =>
        spawned("script", ["-qec", command, "/dev/null"], corners.path, { env: { TERM } }).stdout.toString(
          "latin1",
        );
      const theirs = inTerminal(`'${rgPath}' --sort=path ${line}`);
      const ours = inTerminal(`'${process.execPath}' '${program}' search --device=cpu --sort=path ${line}`);
      expect(ours.replace(/^everwarp: /m, "rg: ")).toBe(theirs);
    }
  });
});

describe("ends", () => {
  it("quietly when the pipe is closed, with ripgrep's exit code", () => {
    const dir = new Dir("pipe");
    for (let i = 0; i < 40; i++) dir.file(`${i}.txt`, "foo foo foo foo\n".repeat(5000));
    const shell = (command: string): Outcome =>
      spawned("/bin/bash", ["-c", `${command} | head -n 1 >/dev/null; echo "\${PIPESTATUS[0]}"`], dir.path);
    // With -j1, the code tells whether the first file was written whole. Through a daemon it is: it writes ahead.
    const alone = process.env["EVERWARP_TEST_DAEMON"] === "1" ? [] : ["-j1 foo"];
    for (const flags of ["foo", "-n foo", ...alone, "--json foo", "-v bar", "--type-list"]) {
      const ours = shell(`'${process.execPath}' '${program}' search ${flags}`);
      const theirs = shell(`'${rgPath}' ${flags}`);
      expect({ flags, ...ours }).toEqual({ flags, ...theirs });
    }
    dir.remove();
  });

  it("at once on SIGINT, in the middle of a search", async () => {
    const dir = new Dir("interrupt").file("big.txt", "no hit here\n".repeat(1000));
    // Standard input that never ends: the search waits for it.
    const child = spawn(process.execPath, [program, "search", "foo", "-"], {
      cwd: dir.path,
      stdio: ["pipe", "ignore", "pipe"],
    });
    // The input stays open: what does not end by the signal never ends.
    const ended = new Promise<string | null>((resolve) => {
      child.on("exit", (_code, signal) => resolve(signal));
      setTimeout(() => child.kill("SIGINT"), 400);
    });
    child.stdin.write("foo\n");
    expect(await ended).toBe("SIGINT");
    dir.remove();
  });
});

describe("bad input", () => {
  it("names an unknown flag, what is like it, and a code", () => {
    const { code, stderr, stdout } = run(corners, ["--ignor-case", "foo"]);
    expect(code).toBe(2);
    expect(stdout.length).toBe(0);
    expect(stderr).toBe(
      "everwarp: unrecognized flag --ignor-case\n\n" +
        "similar flags that are available: --ignore-case [EW_UNKNOWN_FLAG]\n",
    );
  });

  it("says what is wrong with a pattern, with a code", () => {
    const { code, stderr } = run(corners, ["a(b", "."]);
    expect(code).toBe(2);
    expect(stderr).toContain("regex parse error");
    expect(stderr).toContain("EW_BAD_PATTERN");
  });

  it("goes on after a file that may not be read", () => {
    if (process.getuid?.() !== 0) return expectUnreadable((args) => run(corners, args));
    // As root nothing is unreadable, so both programs run as nobody.
    const dir = new Dir("unreadable")
      .file("a.txt", "foo a\n")
      .file("b.txt", "foo b\n")
      .file("c.txt", "foo c\n")
      .file("closed/d.txt", "foo d\n");
    chmodSync(dir.path, 0o755);
    for (const name of ["b.txt", "closed"]) chmodSync(join(dir.path, name), 0);
    const asNobody = (command: string[]): Outcome =>
      spawned("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", ...command], dir.path);
    const probe = spawnSync("setpriv", [
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      process.execPath,
      program,
      "search",
      "--version",
    ]);
    // Where nobody may not even read the program (a checkout under a private home), there is nothing to compare.
    if (probe.status === 0)
      for (const args of [
        ["foo"],
        ["-j1", "foo"],
        ["--sort=path", "foo"],
        ["-q", "foo"],
        ["foo", "b.txt"],
        ["--files"],
        ["--no-messages", "foo"],
      ]) {
        const ours = asNobody([process.execPath, program, "search", ...args]);
        const theirs = asNobody([rgPath, ...args]);
        expect(describeDifference(args, ours, theirs)).toBeUndefined();
      }
    chmodSync(join(dir.path, "closed"), 0o755);
    dir.remove();
  });

  function expectUnreadable(runWith: (args: string[]) => Outcome): void {
    chmodSync(join(corners.path, "plain.txt"), 0);
    const { code, stderr, stdout } = runWith(["foo"]);
    chmodSync(join(corners.path, "plain.txt"), 0o644);
    expect(code).toBe(2);
    expect(stderr).toContain("plain.txt: Permission denied (os error 13)");
    expect(stdout.toString()).toContain("context.txt:foo 1");
  }

  it("searches a file of more than 2 GiB without reading it whole", () => {
    const dir = new Dir("huge");
    const path = join(dir.path, "huge.txt");
    const descriptor = openSync(path, "w");
    const block = Buffer.from("a line of text without what is looked for\n".repeat(400_000));
    let sizeBytes = 0;
    while (sizeBytes < 2 ** 31 + 4096) sizeBytes += writeSync(descriptor, block);
    writeSync(descriptor, "the needle at the end\nlast");
    closeSync(descriptor);
    expect(differenceOfProcesses(dir, ["-nb", "-B1", "needle", "."])).toBeUndefined();
    rmSync(path);
    dir.remove();
  });

  it("stops in the first piece of a huge file that is not text", () => {
    const dir = new Dir("sparse");
    const descriptor = openSync(join(dir.path, "sparse.bin"), "w");
    writeSync(descriptor, "foo\n");
    ftruncateSync(descriptor, 2 ** 31 + 4096);
    closeSync(descriptor);
    for (const args of [["foo"], ["foo", "sparse.bin"]])
      expect(differenceOfProcesses(dir, args)).toBeUndefined();
    dir.remove();
  });
});
