/**
 * What a match may be, beside ripgrep: -U, --multiline-dotall, --null-data, groups in -r, bytes that are no text, and
 * sizes; each alone, with every other flag, and in random company. EVERWARP_PROPERTY_RUNS makes more of the last.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { difference, Dir, runHere, runRipgrep, spawned } from "../support/cli.ts";
import { bundledCommandLine } from "../support/cli-process.ts";
import { MATCHING_FLAGS, matchingTree, randomMatching, TEXT_PATTERNS } from "../support/cli-matching.ts";
import { Random } from "../support/cli-random-source.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";

let dir: Dir;
beforeAll(() => (dir = matchingTree()));
afterAll(() => dir.remove());

/** The exit code of a program in Rust that panicked. */
const RUST_PANIC = 101;

/** Fails with what differs, for all command lines at once. */
async function expectSame(lines: readonly (readonly string[])[], tree = dir): Promise<void> {
  const differences: string[] = [];
  for (const line of lines) {
    const found = await difference(tree, ["--sort=path", ...line]);
    if (found !== undefined) differences.push(found);
  }
  expect(differences.join("\n\n")).toBe("");
}

const OWN_PATTERNS = [String.raw`two\nt`, String.raw`\s+`, String.raw`(one|two)\s*(\w*)`, "^$"];

describe("matches across lines", () => {
  it("are ripgrep's for each pattern", async () => {
    await expectSame(TEXT_PATTERNS.map((pattern) => ["-U", "-n", "-e", pattern]));
    await expectSame(TEXT_PATTERNS.map((pattern) => ["-U", "--multiline-dotall", "-o", "-b", "-e", pattern]));
  });

  it.each(MATCHING_FLAGS.map((flags) => flags.join(" ")))("are ripgrep's with %s", async (flags) => {
    await expectSame(OWN_PATTERNS.map((pattern) => ["-U", ...flags.split(" "), "-e", pattern]));
  });

  it("are those of the last of two flags that exclude each other", async () => {
    await expectSame([
      ["-U", "--no-multiline", "o\\sw"],
      ["--no-multiline", "-U", "o\\st"],
      ["-U", "--stop-on-nonmatch", "o\\s+t"],
      ["--stop-on-nonmatch", "-U", "o\\s+t"],
      ["--null-data", "--crlf", "e$"],
      ["--crlf", "--null-data", "e$"],
      ["-U", "--multiline-dotall", "--no-multiline-dotall", "o.t"],
    ]);
  });

  it("are found in standard input", async () => {
    const cli = await bundledCommandLine();
    for (const args of [
      ["-nU", "b\\nc"],
      ["-U", "-c", "\\n"],
      ["-U", "-r", "<$0>", "(?s)b.c"],
    ]) {
      const stdin = "a\nb\nc\nb\nc\n";
      const ours = spawned(process.execPath, [cli, "search", ...args], dir.path, {
        stdin,
      });
      const theirs = runRipgrep(dir.path, args, { stdin });
      expect(ours.stdout.toString(), args.join(" ")).toBe(theirs.stdout.toString());
    }
  });
});

describe("lines that end in NUL", () => {
  it("are ripgrep's for each pattern", async () => {
    await expectSame(TEXT_PATTERNS.map((pattern) => ["--null-data", "-n", "-e", pattern]));
    await expectSame(TEXT_PATTERNS.map((pattern) => ["--null-data", "-U", "-c", "-e", pattern]));
    await expectSame([
      ["--null-data", "-e", "\\x00"],
      ["--null-data", "-F", "-e", "one\nline"],
    ]);
  });
});

describe("lines that ripgrep searches by themselves", () => {
  const alone = ["--passthru", "--stop-on-nonmatch", "-m1 -A9", "-m2 -A2", "-v --passthru", "-o -m1 -A3"];

  it.each(["", ...alone])("are its lines of mixed ends, with --crlf %s", async (flags) => {
    const words = flags.split(" ").filter((word) => word !== "");
    await expectSame(
      ["^$", "$", "^", String.raw`^\s*$`, "a|^$"].map((pattern) => ["-n", "--crlf", ...words, "-e", pattern]),
    );
  });

  it.each(["", ...alone, "-v --stop-on-nonmatch", "-x", "-w -o"])(
    "are its lines where a pattern asks for the ends of the text, with %s",
    async (flags) => {
      const words = flags.split(" ").filter((word) => word !== "");
      const patterns = [
        String.raw`three\z`,
        String.raw`\Aone`,
        String.raw`e\z`,
        String.raw`\z`,
        String.raw`\Aone|three\z`,
        "(?-m)^one",
        "(?-m)three$",
      ];
      await expectSame(
        patterns.flatMap((pattern) =>
          ["--no-crlf", "--crlf"].map((crlf) => ["--column", crlf, ...words, "-e", pattern]),
        ),
      );
    },
  );

  it.each(["", "-x", "-w", "-v", "-o"])(
    "are those with the texts of the pattern, with --null-data %s",
    async (flag) => {
      const words = flag === "" ? [] : [flag];
      await expectSame(
        [
          String.raw`\Aone`,
          String.raw`\A\w+ne`,
          String.raw`three\z`,
          String.raw`\Afirst one\n?\z`,
          String.raw`\A`,
        ].map((pattern) => ["-n", "--null-data", ...words, "-e", pattern]),
      );
    },
  );
});

describe("matches that print nothing", () => {
  it("are parted from others all the same", async () => {
    const files = ["dates.txt", "line-feed.txt", "long.txt"];
    await expectSame(
      [["-U", "-B2"], ["-U", "-A1", "--heading"], ["-UN", "-C1"], ["-U"]].map((flags) => [
        ...flags,
        "--no-filename",
        "-r",
        "",
        "-e",
        String.raw`\s+`,
        ...files,
      ]),
    );
  });
});

describe("groups in -r", () => {
  it.each([
    "$1",
    "$2-$1",
    "${1}0",
    "$10",
    "$1a",
    "$name",
    "${name}!",
    "${nobody}",
    "$$1",
    "$",
    "${1",
    "$-",
    "$0",
    "$99999999999",
    "${year}/${month}",
  ])("%s", async (text) => {
    const patterns = [
      String.raw`(?P<year>\d{4})-(?<month>\d\d)`,
      String.raw`fn (?<name>\w+)\((\w+)`,
      String.raw`(a)|(b)|(c)`,
      String.raw`(o(n)?e?)+`,
      String.raw`(x*)(y)?`,
      "one",
    ];
    await expectSame(patterns.map((pattern) => ["-r", text, pattern, "dates.txt", "poem.txt"]));
    await expectSame([["-o", "--json", "-i", "-r", text, "-e", "(o)ne", "-e", "(th)(?P<name>r)"]]);
  });
});

describe("bytes that are no text", () => {
  it.each([
    String.raw`(?-u)\xFF`,
    String.raw`(?-u:\xff)b`,
    String.raw`(?-u)[^\x00-\x7f]+`,
    String.raw`(?-u)a.b`,
    String.raw`(?-u)[\x80-\xbf\w]+`,
    String.raw`(?i-u)[K\xc3]`,
    String.raw`(?-u:.)two|é`,
    String.raw`(?-u)\W{3}`,
    String.raw`(?-u)\B\xfe`,
    String.raw`(?x-u) \xff # a byte
       [\x20-\xff]`,
    String.raw`(?P<byte>(?-u:[\xe2-\xff]))`,
    String.raw`(?s-u)..two`,
  ])("%s", async (pattern) => {
    await expectSame(
      [[], ["-o"], ["-c"], ["-a", "-o", "-b"], ["-w"], ["-U", "-n"]].map((flags) => [...flags, pattern]),
    );
    await expectSame([["-r", "<$1$byte>", pattern]]);
  });

  it("are those of --no-unicode, too", async () => {
    await expectSame(
      [".o", "[^a]", "\\W+", "\\xff", "(?i)É"].map((pattern) => ["--no-unicode", "-o", pattern]),
    );
  });
});

describe("sizes", () => {
  it("may be up to 100 MiB, as in ripgrep", async () => {
    const words = "ä".repeat(1200);
    const tree = new Dir("sizes").file("words.txt", `${words}\n${"ö".repeat(499)}\n`);
    await expectSame(
      [
        ["-c", "\\w{500}"],
        ["-o", "\\w{3,400}"],
        ["\\w{500}\\s\\w{499}", "-U"],
      ],
      tree,
    );
    tree.remove();
  });

  it("may be those of patterns that are too large together", async () => {
    const patterns = ["(a){90000}b", "(?<n>c){90000}d", "e{90000}(f)", "zw(?P<last>e)i"].flatMap((each) => [
      "-e",
      each,
    ]);
    await expectSame([
      ["-i", "-c", ...patterns, "unicode.txt"],
      ["-S", "-o", "-w", "-r", "<$last|$4|$n>", ...patterns, "unicode.txt"],
    ]);
  });

  it("are limited by flags", async () => {
    await expectSame([
      ["--dfa-size-limit=10", "t\\w+"],
      ["--dfa-size-limit=9K", "-U", "t\\w+\\s+t\\w+"],
      // Where a scan for texts is the search, nothing is compiled, and no limit holds.
      ...["tea", "t|e", "te{2}", "(?:tea)", "(tea)", "t+"].map((pattern) => [
        "--regex-size-limit=10",
        pattern,
      ]),
      ...["-i", "-w", "-x", "-F"].map((flag) => ["--regex-size-limit=10", flag, "tea"]),
      ["--regex-size-limit=1G", "t\\w+"],
      ["--regex-size-limit=x", "t\\w+"],
      ["--dfa-size-limit=99999999999999999999", "t"],
    ]);
    for (const size of ["10K", "1"]) {
      const args = [`--regex-size-limit=${size}`, "[0-9]\\w+"];
      const [ours, theirs] = [await runHere(dir.path, args), runRipgrep(dir.path, args)];
      expect([ours.code, theirs.code]).toEqual([2, 2]);
      expect(ours.stderr).toContain("compiled regex exceeds size limit of ");
      expect(theirs.stderr).toContain("compiled regex exceeds size limit of ");
    }
  });
});

describe("random matches", () => {
  const { numRuns } = propertyRuns(6);
  const seed = propertySeed();
  it.each(Array.from({ length: numRuns }, (_, index) => seed + index))("seed %d", async (each) => {
    const random = new Random(each);
    const lines = Array.from({ length: 20 }, () => randomMatching(random));
    // ripgrep 15.0.0 panics where -m, -U and --json meet in a file with NUL.
    const mayPanic = (line: readonly string[]): boolean =>
      ["-U", "--json"].every((flag) => line.includes(flag)) && line.some((word) => /^-m\d/.test(word));
    const isCompared = (line: readonly string[]): boolean =>
      !mayPanic(line) || runRipgrep(dir.path, ["--sort=path", ...line]).code !== RUST_PANIC;
    await expectSame(lines.filter(isCompared));
  });
});
