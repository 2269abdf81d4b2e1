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
