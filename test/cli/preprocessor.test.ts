/** Content that other programs give (-z, --pre), beside ripgrep. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { difference, Dir, runHere } from "../support/cli.ts";

const TEXT = `foo first\n${"a line of filler\n".repeat(5000)}foo last\n`;

/** How each kind is packed; the program must be on this machine. */
const PACKERS: readonly (readonly [end: string, program: string, args: readonly string[]])[] = [
  ["gz", "gzip", ["-c"]],
  ["tgz", "gzip", ["-c"]],
  ["bz2", "bzip2", ["-c"]],
  ["tbz2", "bzip2", ["-c"]],
  ["xz", "xz", ["-c"]],
  ["txz", "xz", ["-c"]],
  ["lz4", "lz4", ["-c"]],
  ["lzma", "xz", ["--format=lzma", "-c"]],
  ["br", "brotli", ["-c"]],
  ["zst", "zstd", ["-q", "-c"]],
  ["zstd", "zstd", ["-q", "-c"]],
  ["Z", "compress", ["-c"]],
];

let dir: Dir;
beforeAll(() => {
  dir = new Dir("programs")
    .file("plain.txt", TEXT)
    .file("script.sh", '#!/bin/sh\nexec sed s/foo/FOO/ "$1"\n');
  dir.file(Buffer.from("by\xffte.txt", "latin1"), "foo\n");
  for (const name of ["chatty", "failing"]) dir.file(name, SCRIPTS[name] as string);
  for (const name of ["script.sh", ...Object.keys(SCRIPTS)]) chmodSync(join(dir.path, name), 0o755);
});
afterAll(() => {
  dir.remove();
});

const SCRIPTS: Readonly<Record<string, string>> = {
  chatty: "#!/bin/sh\necho said >&2\ncat\n",
  failing: "#!/bin/sh\ncat\necho '  it failed ' >&2\nexit 3\n",
};

describe("a compressed file", () => {
  it.each(PACKERS)(".%s, made by %s", async (end, program, args) => {
    const packed = spawnSync(program, args, { input: TEXT });
    // Without the program, both search the file as it is.
    const content = packed.error === undefined ? packed.stdout : Buffer.from("foo as it is\n");
    const own = new Dir("packed").file(`a.${end}`, content).file(`b.${end.toUpperCase()}`, content);
    for (const line of ["-z foo", "-zc foo", "-zn -m1 foo", "-z foo -C1 --json", "-zl nothing"])
      expect(await difference(own, ["--sort=path", ...line.split(" ")])).toBeUndefined();
    expect(await difference(own, ["-z", "foo", `a.${end}`])).toBeUndefined();
    own.remove();
  });

  it("whose name is not UTF-8 is unpacked too", async () => {
    const own = new Dir("packed");
    const content = execFileSync("gzip", ["-c"], { input: TEXT });
    own.file(Buffer.from("\xff\n.gz", "latin1"), content).file("-dash.gz", content);
    expect(await difference(own, ["--sort=path", "-z", "foo"])).toBeUndefined();
    own.remove();
  });
});

describe("--pre", () => {
  it.each([
    "FOO",
    "-c FOO",
    "FOO plain.txt",
    "--pre-glob=*.txt FOO",
    "--pre-glob=!plain* -c o",
    "--pre-glob=./*.txt FOO ./plain.txt",
    "--stats -q FOO plain.txt",
  ])("a script: %s", async (line) => {
    const args = ["--sort=path", "--pre=./script.sh", ...line.split(" ")];
    expect(await difference(dir, args)).toBeUndefined();
  });

  it.each(["chatty", "failing"])("a program that speaks: %s", async (program) => {
    for (const line of ["foo plain.txt", "-c foo plain.txt", "nothing plain.txt", "--stats foo plain.txt"])
      expect(await difference(dir, ["--pre", `./${program}`, ...line.split(" ")])).toBeUndefined();
    expect(await difference(dir, ["--sort=path", "-j4", "--pre", `./${program}`, "foo"])).toBeUndefined();
    expect(await difference(dir, ["--pre", `./${program}`, "foo", "missing"])).toBeUndefined();
  });

  it("is a search on the host, whatever device is named", async () => {
    writeFileSync(join(dir.path, "only"), "foo\n");
    const outcome = await runHere(dir.path, ["--pre=./script.sh", "--device=cpu", "FOO", "only"]);
    expect(outcome.stdout.toString()).toBe("FOO\n");
  });
});
