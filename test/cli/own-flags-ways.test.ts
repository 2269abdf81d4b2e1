/** The flags that ripgrep has not, where files take other ways: threads, pipes, programs, matches of several lines. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dir, runHere, runRipgrep, spawned } from "../support/cli.ts";
import {
  argumentsOf,
  type Asked,
  countsOf,
  linesOf,
  MARKED,
  markedTree,
  ripgrep,
  withoutMarks,
} from "../support/pattern-chains.ts";

let tree: Dir;
beforeAll(() => {
  tree = new Dir("own-flags-ways")
    .file("a", "red\nreed green\nblue\n")
    .file("b", "green\nred\n")
    .file("sub/c", "reed\nblue\n")
    .file("sub/d", "");
});
afterAll(() => tree.remove());

describe("many files, which threads search", () => {
  let many: Dir;
  /** Soon passed over, yet so many that threads are started. */
  const EMPTY_FILES = 10_500;
  beforeAll(() => {
    many = new Dir("own-flags-threads");
    for (let file = 0; file < EMPTY_FILES; file++) many.file(`empty/${file}`, "");
    for (let file = 0; file < 300; file++) {
      const lines = Array.from(
        { length: file % 7 },
        (_, line) => `red ${(file + line) % 3 === 0 ? "green" : "blue"}`,
      );
      many.file(`full/${file % 10}/${file}`, [...lines, file % 4 === 0 ? "reed" : "end", ""].join("\n"));
    }
  });
  afterAll(() => many.remove());
  const asked: Asked = {
    reading: [],
    main: "red",
    and: ["e+n"],
    not: ["blue"],
    fileAnd: ["end"],
    fileNot: ["xyz"],
  };
  const ours = async (...args: string[]): Promise<string[]> =>
    linesOf((await runHere(many.path, ["-j3", ...args, ...argumentsOf(asked), "."])).stdout);

  it("have the same lines", async () => {
    const marked = markedTree(many, asked);
    const hits = linesOf(
      Buffer.from(
        withoutMarks(runRipgrep(marked.path, ["-n", "--sort=path", MARKED, "."]).stdout.toString()),
      ),
    );
    const files = countsOf(marked, []).toSorted((a, b) => b.count - a.count);
    marked.remove();
    expect(hits.length).toBeGreaterThan(100);
    expect(await ours("-n", "--sort=path")).toEqual(hits);
    expect((await ours("-n")).toSorted()).toEqual(hits.toSorted());
    expect(await ours("-n", "--sort=path", "--max-total=77")).toEqual(hits.slice(0, 77));
    expect(await ours("-c", "--sortr=count")).toEqual(files.map(({ file, count }) => `${file}:${count}`));
    const some = await ours("-n", "--max-total=77");
    expect(new Set(some).size).toBe(77);
    expect(some.filter((line) => !hits.includes(line))).toEqual([]);
    const exact = await ours("-n", "--max-total=77", "--stats");
    expect(exact.find((line) => line.endsWith(" matched lines"))).toBe("77 matched lines");
  });
});

describe("what can be read only once", () => {
  const text = "red\ngreen red\nblue\nred\n";
  const main = join(import.meta.dirname, "../../src/cli/main.ts");
  /** everwarp as a process, below a shell that makes the pipes. */
  const piped = (command: string): string => {
    const everwarp = `"${process.execPath}" --import tsx "${main}" search`;
    const { stdout, stderr } = spawned("bash", ["-c", command.replace("everwarp", everwarp)], repository, {
      stdin: text,
    });
    return stdout.toString() + stderr;
  };
  const repository = join(import.meta.dirname, "../..");

  it.each([
    ["everwarp --file-and blue --not green red", "red\nred\n"],
    ["everwarp --file-not blue red", ""],
    ["everwarp --file-and blue -H --sort count --max-total 2 red -", "<stdin>:red\n<stdin>:green red\n"],
    ["everwarp --file-and blue red <(cat)", "red\ngreen red\nred\n"],
    ["everwarp --max-total 2 red <(cat) /dev/null", "/dev/fd/63:red\n/dev/fd/63:green red\n"],
  ])("is searched for all patterns: %s", (command, wanted) => {
    expect(piped(command)).toBe(wanted);
  });

  it("is what a program makes of a file", async () => {
    const args = ["--pre=cat", "--file-and=reed", "-l", "--sort=path", "e", "."];
    const theirs = ripgrep(tree, "-l", "--sort=path", "reed");
    expect(linesOf((await runHere(tree.path, args)).stdout)).toEqual(theirs);
  });
});

describe("matches of several lines", () => {
  it("can be asked of files", async () => {
    const wanted = ripgrep(tree, "-U", "-l", "--sort=path", "e[^z]*\\n[^z]*d");
    expect(wanted.length).toBeGreaterThan(0);
    const args = ["-U", "--file-and", "e[^z]*\\n[^z]*d", "--sort=path", "-l", "", "."];
    expect(linesOf((await runHere(tree.path, args)).stdout)).toEqual(wanted);
  });

  it.each([
    [["--and", "x"], "--and and --not are about single lines"],
    [["--not", "x"], "--and and --not are about single lines"],
    [["-v", "--max-total", "3"], "--max-total counts matching lines"],
    [["-v", "--sort", "count"], "--sort count counts matching lines"],
  ])("are refused with %s", async (args, message) => {
    const { code, stdout, stderr } = await runHere(tree.path, ["-U", ...args, "red", "."]);
    expect([code, stdout.toString()]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr).toContain("EW_BAD_ARGUMENT");
  });
});

it.each(["--and", "--not", "--file-and", "--file-not"])("%s refuses a pattern as -e does", async (flag) => {
  const { code, stderr } = await runHere(tree.path, [flag, "(", "red", "."]);
  const theirs = runRipgrep(tree.path, ["-e", "(", "."]);
  expect(code).toBe(theirs.code);
  expect(stderr).toContain("unclosed group");
});

it("a line that breaks a condition has no matches to replace or to show", async () => {
  // Of these lines, `./a:2:reed green` alone is a hit, and -v shows the others.
  const others = ["./a:1:red", "./a:3:blue", "./b:1:green", "./b:2:red", "./sub/c:1:reed", "./sub/c:2:blue"];
  const args = ["-v", "-n", "--sort=path", "(re+)d", "--and", "green", "."];
  for (const shown of [["-r", "<$1>"], ["-o"], ["-o", "-r", "<$1>"]])
    expect(linesOf((await runHere(tree.path, [...shown, ...args])).stdout)).toEqual(others);
});

it("--sort count lists the files that -l lists, also where a NUL comes late", async () => {
  const dir = new Dir("own-flags-nul")
    .file("late", `red\n${"x\n".repeat(100_000)}green\n\0\nred\n`)
    .file("early", "red\n\0\nred\n")
    .file("text", "red\nred green\n");
  for (const pattern of ["red", "green", "x"])
    for (const options of [[], ["-a"], ["--binary"]]) {
      const theirs = ripgrep(dir, ...options, "-l", pattern).toSorted();
      const ours = await runHere(dir.path, [...options, "-l", "--sort=count", pattern, "."]);
      expect(linesOf(ours.stdout).toSorted()).toEqual(theirs);
    }
  dir.remove();
});
