/** What is said of arguments and files that cannot be used: ripgrep's words where it has them, and advice that can be followed. */
import { readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli/command-line.ts";
import { difference, Dir, runHere, runRipgrep } from "../support/cli.ts";
import { captured } from "../support/environment.ts";

let dir: Dir;
beforeAll(() => {
  dir = new Dir("messages")
    .file("a.txt", "foo\n")
    .file("folder/b.txt", "foo\n")
    .file("rules-below/.gitignore/inside", "")
    .file("rules-below/.git/HEAD", "")
    .file("rules-below/c.txt", "foo\n");
});
afterAll(() => {
  dir.remove();
});

describe("ripgrep's words", () => {
  it.each([
    ["--max-filesize", "18446744073709551616"],
    ["--max-filesize", "18446744073709551616K"],
    ["--max-filesize", "18446744073709551615"],
    ["--max-filesize", "18446744073709551615K"],
    ["--max-filesize", "18014398509481984K"],
    ["--max-filesize", "18014398509481983K"],
    ["--max-filesize", "17179869184G"],
    ["--max-filesize", "99999999999999999999G"],
    ["--max-filesize", "+5"],
    ["--max-filesize", "5k"],
    ["--max-filesize", "007"],
    ["-M", "18446744073709551616"],
    ["-m", "-1"],
    ["-j", "1.5"],
    ["-A", ""],
    ["--ignore-file", "folder"],
    ["--ignore-file", "folder/"],
    ["--ignore-file", "missing"],
  ])("for %s %s", async (flag, value) => {
    expect(await difference(dir, [flag, value, "foo", "a.txt"])).toBeUndefined();
  });

  it("for an ignore file in the tree that is none: a folder, or no text", async () => {
    expect(await difference(dir, ["--sort=path", "foo", "rules-below"])).toBeUndefined();
    const own = new Dir("rules").file(".git/HEAD", "").file("a.txt", "foo\n").file("b.txt", "foo\n");
    own.file(".gitignore", Buffer.from("a*\n\xff\nb*\n", "latin1"));
    expect(await difference(own, ["--sort=path", "foo"])).toBeUndefined();
    expect(await difference(own, ["--sort=path", "--ignore-file", ".gitignore", "foo"])).toBeUndefined();
    own.remove();
  });

  it.each(["-e\nfoo\na\0b\na.txt\n", "--ignore-file=a\0b\nfoo\na.txt\n", "-fa\0b\na.txt\n"])(
    "for a NUL in a path, which a config file may have: %j",
    async (text) => {
      const own = new Dir("config").file("a.txt", "foo\n").file("config", text);
      const env = { RIPGREP_CONFIG_PATH: join(own.path, "config") };
      expect(await difference(own, [], { env })).toBeUndefined();
      own.remove();
    },
  );

  it.each([
    "\ufeff-i\n",
    "\ufeff# no comment\n",
    "# a comment\n\ufeff-i\n",
    "\u00a0-i\u2003\n",
    "\u0085-i\r\n",
    "  # comment\n\t-c  \n",
  ])("for a config file: %j", async (text) => {
    dir.file("config", text);
    // A tree of its own, as answers are kept by the directory and the arguments.
    const own = new Dir("config").file("a.txt", "FOO\n").file("config", text);
    const env = { RIPGREP_CONFIG_PATH: join(own.path, "config") };
    expect(await difference(own, ["foo", "a.txt"], { env })).toBeUndefined();
    own.remove();
  });
});

describe("files of one time", () => {
  it("keep the directory's order", async () => {
    const own = new Dir("ties");
    for (const name of ["c", "a", "d", "b", "e", "z", "y", "x", "k/m", "k/a", "ü"]) own.file(name, "foo\n");
    own.file(Buffer.from([0x62, 0xff]), "foo\n");
    const everything = (folder: string): string[] =>
      readdirSync(folder).flatMap((name) => {
        const path = join(folder, name);
        return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
          ? [path, ...everything(path)]
          : [path];
      });
    for (const path of everything(own.path).filter((each) => !each.includes("\ufffd")))
      utimesSync(path, 1_600_000_000, 1_600_000_000);
    for (const flag of ["--sort", "--sortr"])
      for (const more of [["-l"], ["--files"]]) {
        const args = [`${flag}=modified`, ...more, ...(more[0] === "-l" ? ["foo"] : []), "."];
        const ours = await runHere(own.path, args);
        expect(ours.stdout.toString("latin1")).toBe(runRipgrep(own.path, args).stdout.toString("latin1"));
      }
    own.remove();
  });
});

describe("advice", () => {
  it("names no flag that is refused", async () => {
    const { stderr, code } = await runHere(dir.path, ["a\\nb", "a.txt"]);
    expect(stderr).toContain('the literal "\\n" is not allowed in a regex');
    expect(code).toBe(2);
    // Every flag that a message names is one that the parser takes.
    for (const [flag] of stderr.matchAll(/(?<!\w)--?[A-Za-z][\w-]*/g)) {
      const value = flag === "-e" ? ["foo"] : [];
      expect((await runHere(dir.path, [flag, ...value, "a.txt"])).stderr).not.toContain("unrecognized flag");
    }
  });

  it("names the strategies there are, whatever devices there are", async () => {
    for (const args of [
      ["foo", "a.txt"],
      ["--files", "folder"],
      ["--device", "cpu", "foo", "a.txt"],
    ]) {
      const { stderr, code } = await runHere(dir.path, ["--strategy", "turbo", ...args]);
      expect(stderr).toBe(
        'everwarp: there is no launch strategy "turbo". ' +
          "Choose among auto, dispatch, redispatch, batch, leased, continuous, persistent, adaptive. [EW_BAD_ARGUMENT]\n",
      );
      expect(code).toBe(2);
    }
  });

  it.each(["search", "cache", "paths", "bench", "doctor", "lint"])(
    "help %s says what %s --help says",
    async (name) => {
      const asked = captured();
      const own = captured();
      expect(await main(["help", name], asked.environment)).toBe(0);
      expect(await main([name, "--help"], own.environment)).toBe(0);
      expect(asked.out()).toBe(own.out());
      expect(asked.out().split("\n").length).toBeGreaterThan(5);
    },
  );

  it("help of a command that there is not says so", async () => {
    const { environment, errors, out } = captured();
    expect(await main(["help", "nope"], environment)).toBe(2);
    expect(errors()).toMatch(/^everwarp: there is no command "nope"\. Choose among search, /);
    expect(out()).toBe("");
  });

  it("bench --list keeps a name and what it means apart", async () => {
    const { environment, out } = captured();
    expect(await main(["bench", "--list"], environment)).toBe(0);
    for (const line of out().trimEnd().split("\n")) expect(line).toMatch(/^[a-z/-]+ {2,}\S/);
  });
});
