/** Output that goes to files: inside the tree that is searched, and to places that take none. Beside ripgrep, as real processes. */
import { linkSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { rgPath } from "@vscode/ripgrep";
import { beforeAll, describe, expect, it } from "vitest";
import { bundledCommandLine } from "../support/cli-process.ts";
import { Dir, normalizeErrors, normalizeOutput, type Outcome, spawned } from "../support/cli.ts";
import { testDeviceInfo } from "../support/vulkan.ts";

const device = testDeviceInfo();
let everwarp: string;
beforeAll(async () => {
  everwarp = `'${process.execPath}' '${await bundledCommandLine()}' search`;
});

/** A tree in which `out.txt` matches, and has a second name and a link. */
function tree(content = "foo before\n"): Dir {
  const dir = new Dir("redirected")
    .file("a.txt", "foo a\n")
    .file("b.txt", "nothing\n")
    .file("sub/c.txt", "foo c\nfoo d\n")
    .file("out.txt", content)
    .link("link.txt", "out.txt");
  linkSync(join(dir.path, "out.txt"), join(dir.path, "sub/second-name.txt"));
  return dir;
}

interface Redirected extends Outcome {
  file: Buffer;
}

/** Runs a line of the shell in a tree of its own. PROGRAM in it is the program. */
function redirected(program: string, line: string): Redirected {
  const dir = tree();
  const outcome = spawned("/bin/bash", ["-c", line.replaceAll("PROGRAM", program)], dir.path);
  const file = readFileSync(join(dir.path, "out.txt"));
  dir.remove();
  return { ...outcome, file };
}

function differenceOf(line: string, program: string): object {
  const ours = redirected(program, line);
  const theirs = redirected(`'${rgPath}'`, line);
  const told = ({ code, file, stderr }: Redirected): object => ({
    code,
    file: normalizeOutput(file, false).replace(/"bytes_printed":\d+/g, ""),
    stderr: normalizeErrors(stderr),
  });
  return { ours: told(ours), theirs: told(theirs) };
}

const LINES = [
  "PROGRAM foo > out.txt",
  "PROGRAM foo >> out.txt",
  "PROGRAM foo 1<> out.txt",
  "PROGRAM -j1 foo >> out.txt",
  "PROGRAM foo . sub >> out.txt",
  "PROGRAM foo sub . ./sub >> out.txt",
  "PROGRAM -c foo >> out.txt",
  "PROGRAM -l foo >> out.txt",
  "PROGRAM --files-without-match nothing >> out.txt",
  "PROGRAM --count --include-zero nothing >> out.txt",
  "PROGRAM --json foo >> out.txt",
  "PROGRAM --stats --no-filename -q foo >> out.txt",
  "PROGRAM -v foo >> out.txt",
  "PROGRAM -L foo >> out.txt",
  "PROGRAM --max-filesize 1K foo >> out.txt",
  "PROGRAM -E utf-8 foo >> out.txt",
  "PROGRAM --sort path foo >> out.txt",
  "PROGRAM --sort modified -c foo >> out.txt",
  "PROGRAM -g out.txt -g second-name.txt foo >> out.txt",
  // What the user names is searched, even under another name.
  "PROGRAM -j1 foo out.txt a.txt >> out.txt",
  "PROGRAM -m1 foo out.txt >> out.txt",
  "PROGRAM -j1 foo link.txt sub >> out.txt",
  "PROGRAM foo - < out.txt >> out.txt",
  // A list is not a search, and standard error is not standard output.
  "PROGRAM --files >> out.txt",
  "PROGRAM foo 2> out.txt | cat > /dev/null; cp a.txt out.txt",
  "cat a.txt | PROGRAM foo >> out.txt",
];

describe("a search whose output lies in the tree", () => {
  it.each(LINES)("searches what ripgrep does: %s", (line) => {
    const { ours, theirs } = differenceOf(line, everwarp) as { ours: object; theirs: object };
    expect(ours).toEqual(theirs);
  });

  it.each(["PROGRAM foo >> out.txt", "PROGRAM --json foo . sub >> out.txt", "PROGRAM -L -c foo > out.txt"])(
    "searches what ripgrep does, on a device: %s",
    (line) => {
      const program = `${everwarp} --device ${device.index}`;
      const ours = differenceOf(line, program) as { ours: object; theirs: object };
      // ripgrep has no devices, and knows no --device.
      expect(ours.ours).toEqual(ours.theirs);
    },
  );

  it("does not grow with what many threads write", () => {
    const dir = tree("");
    for (let index = 0; index < 60; index++) dir.file(`many/${index}.txt`, "foo foo foo\n".repeat(5_000));
    const outcome = spawned("/bin/bash", ["-c", `${everwarp} -I foo > out.txt`], dir.path);
    expect(outcome.code).toBe(0);
    const lines = readFileSync(join(dir.path, "out.txt"), "latin1").split("\n").length - 1;
    dir.remove();
    expect(lines).toBe(60 * 5_000 + 3);
  });
});

/** Runs a line of the shell in a new tree. EVERWARP in it is the command line, RG is ripgrep. */
function shell(line: string, dir: Dir): Outcome {
  const program = everwarp.replace(/ search$/, "");
  return spawned(
    "/bin/bash",
    ["-c", line.replaceAll("EVERWARP", program).replaceAll("RG", `'${rgPath}'`)],
    dir.path,
    // Whatever a command keeps goes here.
    { env: { HOME: dir.path, XDG_CACHE_HOME: join(dir.path, ".cache") } },
  );
}

/** Made for one line and removed after it. */
function inTree(line: string): Outcome {
  const dir = tree();
  try {
    return shell(line, dir);
  } finally {
    dir.remove();
  }
}

describe("messages that cannot be written", () => {
  it.each([
    "foo missing a.txt",
    "-c foo missing a.txt",
    "--json foo missing a.txt",
    "-q foo missing a.txt",
    "-l foo missing",
    "--files missing a.txt",
    "--no-such-flag",
    "foo -tnothing",
    "'('",
    "-j1 foo missing a.txt",
  ])("make the exit code ripgrep's: %s", (args) => {
    const theirs = inTree(`RG ${args} 2>/dev/full`);
    expect(inTree(`EVERWARP search ${args} 2>/dev/full`).code).toBe(theirs.code);
    expect(theirs.code).toBe(2);
  });

  it("do not make a search fail that has none", () => {
    expect(inTree("EVERWARP search foo a.txt 2>/dev/full").code).toBe(0);
    expect(inTree("EVERWARP search --no-messages foo missing a.txt 2>/dev/full").code).toBe(2);
    expect(inTree("EVERWARP search -q --no-messages foo missing a.txt 2>/dev/full").code).toBe(0);
  });

  it.each(["nonsense", "paths", "paths missing", "cache nonsense", "bench nonsense", "doctor --nonsense"])(
    "make the exit code 2 of every other command: %s",
    (args) => {
      expect(inTree(`EVERWARP ${args} 2>/dev/full`).code).toBe(2);
    },
  );
});

/** All that a command says of a fault of its surroundings: no stack, no second line. */
const ONE_LINE = /^everwarp: [^\n]+ \[EW_PATH_UNWRITABLE\]\n$/;

const WRITING = [
  "search foo",
  "search -c foo",
  "search --json foo",
  "search --stats foo",
  "search --files",
  "search --type-list",
  "search --help",
  "search -V",
  "version",
  "help",
  "--version",
  "paths .",
  "paths --help",
  "paths . --json",
  "cache stats",
  "cache list --json",
  "bench --list",
  "bench --help",
  "doctor --help",
];

describe("output that cannot be written", () => {
  it.each(WRITING)("is told in one line: everwarp %s > /dev/full", (args) => {
    const { code, stderr } = inTree(`EVERWARP ${args} > /dev/full`);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain("No space left on device (os error 28)");
    expect(code).toBe(2);
  });

  it("is told in one line when standard input was being resolved", () => {
    const { code, stderr } = inTree("echo a.txt | EVERWARP paths . --stdin > /dev/full");
    expect(stderr).toMatch(ONE_LINE);
    expect(code).toBe(2);
  });

  it.each(["search foo", "search --files", "version", "paths ."])(
    "is told in one line where files may not grow: everwarp %s",
    (args) => {
      const { code, stderr } = inTree(`ulimit -f 0; EVERWARP ${args} > new.txt`);
      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toContain("File too large (os error 27)");
      expect(code).toBe(2);
    },
  );

  it.each(WRITING)("ends everwarp %s in silence when nobody reads it", (args) => {
    // The reader is gone when the writer begins: `wait` returns once it ended.
    const line = `exec 4> >(exec true); wait $!; EVERWARP ${args} >&4; echo "code $?"`;
    const { stdout, stderr } = inTree(line);
    expect(stderr).toBe("");
    // ripgrep's code is that of a search that found nothing, or of one that went well.
    expect(stdout.toString()).toMatch(/^code [01]\n$/);
  });
});

describe("a working directory that was removed", () => {
  const gone = (line: string): Outcome =>
    inTree(`mkdir gone; T=$PWD; cd gone; rmdir ../gone; ${line.replaceAll("TREE", '"$T"')}`);
  interface Plain {
    code: number | null;
    stdout: string;
    stderr: string;
  }
  const plain = ({ code, stdout, stderr }: Outcome): Plain => ({
    code,
    stdout: stdout.toString().replace(/[^\n ]*\/everwarp-redirected-\w+/g, "TREE"),
    stderr: normalizeErrors(stderr).replace(/[^\n ]*\/everwarp-redirected-\w+/g, "TREE"),
  });

  it.each([
    "foo TREE/a.txt",
    "--sort path foo TREE",
    "--sort path -c foo TREE/sub",
    "--sort path --files TREE",
    "--sort path -g '*.txt' foo TREE",
    "--sort modified foo TREE/sub/c.txt",
    "--sort path foo relative TREE/sub/c.txt",
    "-f TREE/a.txt TREE/b.txt",
    "foo",
    "foo .",
    "--files",
    "--json nothing-at-all TREE/a.txt | tail -c 0",
  ])("leaves what ripgrep finds: %s", (args) => {
    expect(plain(gone(`EVERWARP search ${args} </dev/null`))).toEqual(plain(gone(`RG ${args} </dev/null`)));
  });

  // Enough work for all threads. Those of Node do not start where there is no working directory.
  it.each(["-c foo TREE", "-l foo TREE"])("leaves what ripgrep finds in many files: %s", (args) => {
    const outcome = (program: string): object => {
      const fill = `for n in $(seq 1500); do echo "foo $n" > "$T/many-$n.txt"; done`;
      const { code, stdout, stderr } = plain(gone(`${fill}; ${program} ${args} </dev/null`));
      return { code, stderr, lines: stdout.split("\n").toSorted() };
    };
    expect(outcome("EVERWARP search")).toEqual(outcome("RG"));
  });

  it("leaves what a device finds", () => {
    const { code, stdout, stderr } = gone(
      `EVERWARP search --device ${device.index} -I foo TREE/sub/c.txt </dev/null`,
    );
    expect(stderr).toBe("");
    expect(stdout.toString()).toBe("foo c\nfoo d\n");
    expect(code).toBe(0);
  });

  it.each(["version", "help", "paths TREE", "paths .", "cache stats", "bench --list", "doctor --help"])(
    "does not keep everwarp %s from its work",
    (args) => {
      const { code, stderr } = gone(`EVERWARP ${args} </dev/null`);
      expect(stderr).toBe("");
      expect(code).toBe(0);
    },
  );
});
