/** Trees and moments that go wrong, and the place where engines come in. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { GrepEngine } from "../../src/search/index.ts";
import { main } from "../../src/cli/command-line.ts";
import type { FoundFile } from "../../src/search/contracts.ts";
import { difference, Dir, runHere } from "../support/cli.ts";
import { captured } from "../support/environment.ts";

let dir: Dir;
afterEach(() => {
  dir.remove();
});

describe("files", () => {
  it("that vanish between the walk and the search are told of, and the rest is searched", async () => {
    dir = new Dir("vanish").file("a.txt", "foo a\n").file("b.txt", "foo b\n").file("c.txt", "foo c\n");
    const overrides = {
      openEngine: async (): Promise<GrepEngine> => ({
        find(file: FoundFile): undefined {
          if (file.path === "b.txt") rmSync(join(dir.path, "b.txt"));
        },
        report: () => undefined,
      }),
    };
    const { code, stdout, stderr } = await runHere(dir.path, ["foo", "--sort=path"], {}, overrides);
    expect(stdout.toString()).toBe("a.txt:foo a\nc.txt:foo c\n");
    expect(stderr).toBe("everwarp: b.txt: No such file or directory (os error 2)\n");
    expect(code).toBe(2);
  });

  it("reached through links that go in circles are told of once, and not followed for ever", async () => {
    dir = new Dir("circle")
      .file("a/foo.txt", "foo\n")
      .link("a/up", "..")
      .link("a/self", "self")
      .link("a/here", ".")
      .link("b/to-a", "../a");
    for (const args of [
      ["-L", "foo"],
      ["-L", "-j1", "foo"],
      ["-L", "--sort=path", "foo"],
      ["foo"],
      ["foo", "a/up"],
      ["-L", "--files"],
      ["-L", "--no-messages", "foo"],
    ])
      expect(await difference(dir, args)).toBeUndefined();
  });

  it("with 100,000 hits on one line are shown whole", async () => {
    dir = new Dir("hits").file("hits.txt", `${"foo ".repeat(100_000)}\nend\n`);
    for (const args of [
      ["foo"],
      ["-o", "foo"],
      ["-c", "foo"],
      ["--count-matches", "foo"],
      ["--color=always", "foo"],
      ["--json", "foo"],
      ["--vimgrep", "-M50", "foo"],
      ["-o", "-b", "fo+"],
      ["-r", "x", "foo"],
    ])
      expect(await difference(dir, [...args, "--sort=path"])).toBeUndefined();
  });

  it("with no text at all, or nothing but line feeds, match an empty pattern as in ripgrep", async () => {
    dir = new Dir("empty").file("empty", "").file("lines", "\n\n").file("text", "a\nb").file("nul", "a\0b\n");
    for (const flags of [
      [],
      ["-n"],
      ["-c"],
      ["-v"],
      ["-o"],
      ["-l"],
      ["-x"],
      ["-w"],
      ["--json"],
      ["--count-matches"],
      ["-F"],
      ["--files-without-match"],
      ["--color=always"],
    ])
      for (const paths of [[], ["empty"], ["lines"], ["text"], ["nul"]])
        expect(await difference(dir, ["--sort=path", ...flags, "-e", "", ...paths])).toBeUndefined();
  });
});

describe("an engine", () => {
  it("is asked for every file, and its hits stand for the file's content", async () => {
    dir = new Dir("engine").file("a.txt", "on disk foo\n").file("b.txt", "on disk foo\n");
    const asked: string[] = [];
    const bytes = Buffer.from("no\nheld foo\n");
    const overrides = {
      openEngine: async (): Promise<GrepEngine> => ({
        find(file) {
          asked.push(file.path);
          return file.path === "a.txt"
            ? { bytes, hits: { offsets: [8], from: 0, to: 1, exact: true } }
            : undefined;
        },
        report: () => ({
          device: "test device",
          strategy: "persistent",
          corpusBytes: 11,
          loadMs: 1.5,
          kernelUs: 2,
          roundTripUs: 3.25,
        }),
      }),
    };
    const { code, stdout } = await runHere(dir.path, ["-n", "foo", "--sort=path", "--stats"], {}, overrides);
    expect(code).toBe(0);
    expect(asked).toEqual(["a.txt", "b.txt"]);
    expect(stdout.toString()).toMatch(/^a\.txt:2:held foo\nb\.txt:1:on disk foo\n\n2 matches\n/);
    expect(stdout.toString()).toContain(
      "device: test device\nstrategy: persistent\ncorpus: 11 bytes\nload: 1.500 ms\nkernel: 2.0 us\nround trip: 3.3 us\n",
    );
  });
});

describe("other commands", () => {
  const run = async (...argv: string[]): Promise<{ code: number; out: string; err: string }> => {
    const { environment, out, errors } = captured();
    const code = await main(argv, environment);
    return { code, out: out(), err: errors() };
  };

  it("tell the version and the way to help, and refuse what they do not know", async () => {
    dir = new Dir("unused");
    for (const argv of [["version"], ["--version"], ["-V"], ["search", "-V"], ["search", "--version"]]) {
      const { code, out } = await run(...argv);
      expect(out.replace("everwarp ", "")).toMatch(/^\d+\.\d+\.\d+/);
      expect(code).toBe(0);
    }
    for (const argv of [["help"], ["--help"], ["-h"]]) expect((await run(...argv)).out).toContain("search");
    expect((await run("search", "-h")).out).toContain("--ignore-case");
    expect((await run("search", "--help")).out.length).toBeGreaterThan(
      (await run("search", "-h")).out.length,
    );
    expect(await run("no-such-command")).toMatchObject({
      code: 2,
      err: expect.stringContaining("no-such-command"),
    });
    expect((await run("search")).err).toContain("requires at least one pattern");
  });
});
