/** Searches through a daemon, as real processes: both clients, and a daemon that goes wrong in every way. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { rgPath } from "@vscode/ripgrep";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bundledCommandLine } from "../support/cli-process.ts";
import {
  describeDifference,
  Dir,
  type Outcome,
  runRipgrep,
  type RunOptions,
  spawned,
} from "../support/cli.ts";
import { DaemonPlaceForTests } from "../support/daemon-process.ts";
import { DaemonGround, echo } from "../support/daemons.ts";
import { compileClient } from "../support/native-client.ts";
import { until } from "../support/patience.ts";

const dir = new Dir("daemon")
  .file("a.txt", "needle a\nhay\n")
  .file("sub/b.txt", "hay\nneedle b\n")
  .file("sub/ignored.txt", "needle ignored\n")
  .file(".ignore", "ignored.txt\n")
  .file("config", "--line-number\n--sort=path\n")
  .file("binary", "needle\0\n")
  .file("long.txt", "a line that is long enough to fill what a client holds back\n".repeat(40_000));
const bin = new Dir("bin");
const native = join(bin.path, "ew");
let program: string;
/** Why there is no native client here. */
let missing: string | undefined;
let place: DaemonPlaceForTests;
beforeAll(async () => {
  program = await bundledCommandLine();
  missing = compileClient(native, program);
});
beforeEach(() => {
  place = new DaemonPlaceForTests();
});
afterEach(async () => {
  await place.stop().catch((error: { code?: string }) => expect(error.code).toMatch(/NOT_RUNNING|FOLDER/));
  place[Symbol.dispose]();
});
afterAll(() => {
  dir.remove();
  bin.remove();
});

/** Searches that the daemon took on. On a busy machine, a client may lose patience with one, and make it itself. */
async function answeredSearches(): Promise<number> {
  const { answered, cancelled } = (await place.report()).searches;
  return answered + cancelled;
}

const CASES: [string[], RunOptions?][] = [
  [["needle"]],
  [["-n", "--sort=path", "needle", "."]],
  [["-c", "--sort=path", "hay", "sub", "a.txt"]],
  [["--files", "--sort=path"]],
  [["-uu", "-l", "--sort=path", "needle"]],
  [["--json", "--sort=path", "needle"]],
  [["nothing of the kind"]],
  [["needle", "missing", "a.txt"]],
  [["("]],
  [["--no-such-flag"]],
  [["-q", "needle"]],
  [["--color=always", "-n", "needle", "a.txt"]],
  [["needle"], { env: { RIPGREP_CONFIG_PATH: join(dir.path, "config") } }],
  [["needle"], { stdin: "needle in the pipe\nhay\n" }],
  [["needle", "-", "a.txt"], { stdin: "needle in the pipe\nhay\n" }],
  [["-f", "-", "a.txt"], { stdin: "needle\n" }],
  [["--type-list"]],
];

describe.each(["node", "native"])("through the %s client", (kind) => {
  beforeEach(({ skip }) => {
    if (kind === "native" && missing !== undefined) skip(missing);
  });
  const wordsOf = (args: readonly string[]): [string, string[]] =>
    kind === "native" ? [native, ["search", ...args]] : [process.execPath, [program, "search", ...args]];
  const run = (args: readonly string[], options: RunOptions = {}): Outcome =>
    spawned(...wordsOf(args), dir.path, { ...options, env: { ...place.env, ...options.env } });

  it("everything is as in ripgrep, whether the daemon answers or not", async () => {
    await place.serve(dir.path);
    const different = CASES.map(([args, options]) =>
      describeDifference(args, run(args, options), runRipgrep(dir.path, args, options)),
    );
    expect(different.filter((each) => each !== undefined)).toEqual([]);
    const { declined, failed } = (await place.report()).searches;
    const answered = await answeredSearches();
    // Three cases read standard input. One each cannot be parsed, names a missing file, and lists types.
    expect({ answered, declined, failed }).toEqual({
      answered: CASES.length - 6,
      declined: 6,
      failed: 0,
    });
  });

  it("a large answer is whole, and one that nobody reads to its end is called off", async () => {
    await place.serve(dir.path);
    const args = ["-n", "line", "long.txt"];
    expect(describeDifference(args, run(args), runRipgrep(dir.path, args))).toBeUndefined();
    const [command, words] = wordsOf(["-n", "a line that"]);
    const line = `${[command, ...words].map((word) => `'${word}'`).join(" ")} | head -n1; echo "\${PIPESTATUS[0]}"`;
    const { stdout } = spawned("/bin/bash", ["-c", line], dir.path, { env: place.env });
    expect(stdout.toString()).toMatch(/^long\.txt:1:a line .*\n0\n$/);
  });

  it("a file that is larger than memory is searched by its client", async () => {
    const tree = new Dir("larger").file("a.txt", "needle\n").file("huge", "");
    truncateSync(join(tree.path, "huge"), 2 ** 28 + 1);
    await place.serve(tree.path);
    for (const args of [
      ["-c", "needle", "huge", "a.txt"],
      ["-c", "--sort=path", "needle"],
    ])
      expect(
        describeDifference(
          args,
          spawned(...wordsOf(args), tree.path, { env: place.env }),
          runRipgrep(tree.path, args),
        ),
      ).toBeUndefined();
    expect((await place.report()).searches).toMatchObject({ answered: 0, declined: 2, failed: 0 });
    tree.remove();
  });

  it("pipes hold nobody up, be they arguments or ignore files", async () => {
    const tree = new Dir("pipes").file("a.txt", "needle\nhay\n").file("b.txt", "hay\n").file(".git/HEAD", "");
    const [command, words] = wordsOf([]);
    const start = [command, ...words].map((word) => `'${word}'`).join(" ");
    const inShell = (line: string): Outcome =>
      spawned("/bin/bash", ["-c", line], tree.path, { env: place.env });
    await place.serve(tree.path);
    const lines = [
      "-n -f <(echo needle) a.txt",
      "-f /dev/stdin a.txt < b.txt",
      "-n needle <(echo a needle)",
      "--files --sort=path --ignore-file <(echo b.txt)",
      "-l --sort=path --pre cat --ignore-file <(echo b.txt) hay",
      "hay /dev/null a.txt",
    ];
    for (const line of lines)
      expect(
        describeDifference([line], inShell(`${start} ${line}`), inShell(`'${rgPath}' ${line}`)),
      ).toBeUndefined();
    const config = `RIPGREP_CONFIG_PATH=<(echo --line-number)`;
    expect(inShell(`${config} ${start} needle a.txt`).stdout.toString()).toBe("1:needle\n");
    // ripgrep waits for somebody who writes into these.
    const expected = runRipgrep(tree.path, ["-c", "--sort=path", "hay"]);
    for (const name of [".gitignore", ".ignore", ".rgignore"])
      execFileSync("mkfifo", [join(tree.path, name)]);
    expect(inShell(`${start} -c --sort=path hay`)).toEqual(expected);
    const { declined, failed } = (await place.report()).searches;
    expect({ declined, failed }).toEqual({ declined: lines.length + 1, failed: 0 });
    tree.remove();
  });

  it("nothing is asked where it is told to search alone, or where no daemon runs", async () => {
    expect(run(["needle", "a.txt"]).stdout.toString()).toBe("needle a\n");
    await place.serve(dir.path);
    expect(run(["--daemon", "off", "needle", "a.txt"]).stdout.toString()).toBe("needle a\n");
    expect(run(["needle", "a.txt"], { env: { EVERWARP_DAEMON: "off" } }).stdout.toString()).toBe(
      "needle a\n",
    );
    expect((await place.report()).searches).toMatchObject({ answered: 0, declined: 0 });
  });

  it("a daemon that is killed in the middle of an answer makes no half answer look whole", async () => {
    const daemon = await place.serve(dir.path);
    const [command, words] = wordsOf(["line", "long.txt"]);
    const child = spawn(command, words, { cwd: dir.path, env: place.env, stdio: ["ignore", "pipe", "pipe"] });
    const whole = runRipgrep(dir.path, ["line", "long.txt"]).stdout.toString();
    let [out, errors, got] = ["", "", false];
    // Until it is asked for, nothing is read: so the client waits with most of the answer still to come.
    await new Promise((resolve) => child.stdout.once("readable", resolve));
    await daemon.kill();
    child.stdout.on("data", (text: Buffer) => {
      out += text.toString();
      got = true;
    });
    child.stderr.on("data", (text: Buffer) => (errors += text.toString()));
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(got).toBe(true);
    expect(out.length).toBeLessThan(whole.length);
    expect(whole.startsWith(out)).toBe(true);
    expect(errors).toMatch(/^everwarp: .*\[EW_DAEMON_DIED\]\n$/);
    expect(code).toBe(2);
  });

  it("a daemon that hangs, or that was killed and left its socket, costs no answer", async () => {
    const daemon = await place.serve(dir.path);
    daemon.child.kill("SIGSTOP");
    const expected = runRipgrep(dir.path, ["needle", "a.txt"]);
    expect(run(["needle", "a.txt"])).toEqual(expected);
    await daemon.kill();
    expect(existsSync(place.at.socket)).toBe(true);
    expect(run(["needle", "a.txt"])).toEqual(expected);
    // The next daemon takes its place.
    await place.serve(dir.path);
    expect(run(["needle", "a.txt"])).toEqual(expected);
    expect(await answeredSearches()).toBe(1);
  });

  it("a daemon of another version is named, and the search is made without it", async () => {
    await using ground = new DaemonGround();
    await ground.serve(echo, { version: "7.8.9", trees: [dir.path] });
    // The daemon is in this process, which must not wait for its client.
    const [command, words] = wordsOf(["needle", "a.txt"]);
    const child = spawn(command, words, {
      cwd: dir.path,
      env: ground.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, errors] = ["", ""];
    child.stdout.on("data", (text: Buffer) => (out += text.toString()));
    child.stderr.on("data", (text: Buffer) => (errors += text.toString()));
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
    expect(out).toBe("needle a\n");
    expect(errors).toMatch(/^everwarp: the daemon is of version 7\.8\.9.*serve --stop.*\n$/);
  });

  it("the first search with --daemon auto starts a daemon, the next ones are answered", async () => {
    const options = { env: { EVERWARP_DAEMON: "auto" } };
    const expected = runRipgrep(dir.path, ["needle", "a.txt"]);
    expect(run(["needle", "a.txt"], options)).toEqual(expected);
    await until(() => existsSync(place.at.socket));
    expect(run(["needle", "a.txt"], options)).toEqual(expected);
    const report = await place.report();
    expect(report.trees).toEqual([dir.path]);
    expect(report.idleMinutes).toBe(30);
    expect(readFileSync(place.at.log, "utf8")).toMatch(/^everwarp: serving /);
    expect(await answeredSearches()).toBe(1);
  });
});

it("no daemon is started in a folder that others can use, and the search is made", async () => {
  mkdirSync(place.at.folder);
  chmodSync(place.at.folder, 0o755);
  const words = [program, "search", "--daemon=auto", "needle", "a.txt"];
  const { code, stdout, stderr } = spawned(process.execPath, words, dir.path, { env: place.env });
  expect([code, stdout.toString(), stderr]).toEqual([0, "needle a\n", ""]);
  expect(existsSync(place.at.log)).toBe(false);
  chmodSync(place.at.folder, 0o700);
});

describe("everwarp serve", () => {
  const serveAs = (...words: string[]): Outcome =>
    spawned(process.execPath, [program, "serve", ...words], dir.path, { env: place.env });

  it("of two that start at once, one serves and the other says so; then all searches are answered", async () => {
    const both = await Promise.all([place.start(dir.path), place.start(dir.path)]);
    const serving = await Promise.all(both.map((each) => each.serves));
    expect(serving.filter((each) => each)).toEqual([true]);
    const loser = both[serving.indexOf(false)];
    expect(await loser?.ended).toBe(2);
    expect(loser?.errors).toMatch(/EW_DAEMON_RUNNING/);
    const words = [program, "search", "needle", "a.txt"];
    for (let index = 0; index < 2; index++)
      expect(spawned(process.execPath, words, dir.path, { env: place.env }).stdout.toString()).toBe(
        "needle a\n",
      );
    expect(await answeredSearches()).toBe(2);
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("ends with %s, and leaves no socket", async (signal) => {
    const daemon = await place.serve(dir.path);
    daemon.child.kill(signal);
    expect(await daemon.ended).toBe(0);
    expect(existsSync(place.at.socket)).toBe(false);
  });

  it("tells its state and its end to whoever asks", async () => {
    expect(serveAs("--status")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("EW_DAEMON_NOT_RUNNING"),
    });
    expect(serveAs("--stop")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("EW_DAEMON_NOT_RUNNING"),
    });
    const daemon = await place.serve(dir.path, "--idle-minutes", "7");
    const { stdout } = serveAs("--status", "--json");
    expect(JSON.parse(stdout.toString())).toMatchObject({
      processId: daemon.child.pid,
      trees: [dir.path],
      idleMinutes: 7,
    });
    expect(serveAs("--status").stdout.toString()).toContain(`tree        ${dir.path}\n`);
    expect(serveAs("--stop")).toMatchObject({ code: 0, stderr: "" });
    expect(await daemon.ended).toBe(0);
    expect(existsSync(place.at.socket)).toBe(false);
  });

  it("does not stay in the folder where it was started", async () => {
    const daemon = await place.serve(dir.path);
    expect(readlinkSync(`/proc/${daemon.child.pid}/cwd`)).toBe("/");
    daemon.child.kill();
    await daemon.ended;
  });

  it("ends by itself when nobody searches", async () => {
    const daemon = await place.serve(dir.path, "--idle-minutes", "0.001");
    expect(await daemon.ended).toBe(0);
  });

  it.each([
    [["--idle-minutes", "0"], /--idle-minutes is "0"/],
    [["--idle-minutes", "soon"], /--idle-minutes is "soon"/],
    [["--bogus"], /EW_BAD_ARGUMENT/],
    [["no/such/tree"], /EW_PATH_NOT_FOUND/],
  ])("refuses %j", (words, message) => {
    expect(serveAs(...words)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  });
});
