/** Arguments that are not UTF-8, given to real processes by a shell, beside ripgrep. */
import { join } from "node:path";
import { rgPath } from "@vscode/ripgrep";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { describeDifference, Dir, type Outcome, spawned } from "../support/cli.ts";

const EVERWARP = [process.execPath, join(packageRoot(), "bin", "everwarp.cjs"), "search"];
const bytes = (latin1: string): Buffer => Buffer.from(latin1, "latin1");

/** Arguments as printf writes them, so that each may have any byte. Two dots and hex digits are a byte. */
const COMMAND_LINES = [
  ["-H", "test", "foo\\377bar"],
  ["test", "foo\\377bar"],
  ["--json", "test", "foo\\377bar"],
  ["-c", "test", "foo\\377bar", "a.txt"],
  ["--sort=path", "test", "d\\377ir"],
  ["--sort=path", "test", "d\\377ir/", "./d\\377ir/sub"],
  ["--sort=path", "-g", "*.txt", "test", "d\\377ir"],
  ["--sort=path", "-g", "!sub", "test", "d\\377ir"],
  ["--sort=path", "-L", "test", "d\\377ir"],
  ["--sort=path", "--files", "d\\377ir", "foo\\377bar"],
  ["--sort=path", "--no-ignore", "test", "d\\377ir"],
  ["--files", "-d1", "d\\377ir"],
  ["test", "no\\377thing"],
  ["test", "no\\377thing", "a.txt"],
  ["test", "\\303\\244\\303"],
  ["-f", "pat\\377terns", "a.txt"],
  ["-fpat\\377terns", "a.txt"],
  ["--ignore-file", "ru\\377les", "--sort=path", "test"],
  ["--ignore-file=no\\377thing", "test", "a.txt"],
  ["te\\377st"],
  ["-e", "te\\377st"],
  ["-g", "\\377", "test"],
  ["-r\\377", "test"],
  ["-A", "\\377", "test"],
  ["-E\\377", "test"],
  ["--color=\\377", "test"],
  ["--context-separator=\\377", "test"],
  ["--field-match-separator", "\\377", "test"],
  ["--path-separator", "\\377", "test"],
  ["-n=\\377", "test"],
  ["--fo\\377o", "test"],
];

let dir: Dir;
beforeAll(() => {
  dir = new Dir("arguments")
    .file("a.txt", "test\n")
    .file(bytes("foo\xffbar"), "test\n")
    .file(bytes("\xc3\xa4\xc3"), "test\n")
    .file(bytes("pat\xffterns"), "tes\n")
    .file(bytes("ru\xffles"), "a.txt\n");
  const made = spawned("bash", ["-c", MAKE_FOLDER], dir.path);
  expect(made).toMatchObject({ code: 0, stderr: "" });
});
afterAll(() => {
  dir.remove();
});

/** A folder whose name is not UTF-8, with rules and a link that leads back. */
const MAKE_FOLDER = `d=$(printf 'd\\377ir') && mkdir -p "$d/sub/deep" "$d/.git" &&
  echo test | tee "$d/a.txt" "$d/b.log" "$d/sub/c.txt" "$d/sub/deep/d.txt" "$d/sub/ignored" >/dev/null &&
  printf '*.log\\n/sub/ignored\\n' >"$d/.gitignore" && ln -s ../.. "$d/sub/deep/up"`;

/** Runs a program with arguments that a shell makes. Two blanks cannot stand in them. */
function run(program: readonly string[], line: readonly string[]): Outcome {
  const words = [...program.map((word) => `'${word}'`), ...line.map((word) => `"$(printf -- '${word}')"`)];
  return spawned("bash", ["-c", words.join(" ")], dir.path);
}

describe("a byte that is no UTF-8", () => {
  it.each(COMMAND_LINES.map((line) => [line.join(" "), line] as const))("in %s", (_text, line) => {
    expect(describeDifference(line, run(EVERWARP, line), run([rgPath], line))).toBeUndefined();
  });

  it("in a configuration file", () => {
    for (const text of ["--ignore-file=ru\xffles\n", "--glob=\xff\n", "-ffoo\xffbar\n"]) {
      dir.file("config", bytes(text));
      const env = { RIPGREP_CONFIG_PATH: join(dir.path, "config") };
      const args = ["--sort=path", "test", "a.txt"];
      const ours = spawned(EVERWARP[0] as string, [...EVERWARP.slice(1), ...args], dir.path, { env });
      const theirs = spawned(rgPath, args, dir.path, { env });
      expect(describeDifference([text, ...args], ours, theirs)).toBeUndefined();
    }
  });
});
