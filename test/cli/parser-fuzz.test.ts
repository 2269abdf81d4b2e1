/**
 * Argument vectors made at random. Whatever is typed is answered or refused in words, and what ripgrep takes or refuses for flags that
 * both know, so does everwarp. EVERWARP_PROPERTY_RUNS makes more of them, EVERWARP_PROPERTY_SEED the same again.
 */
import { spawnSync } from "node:child_process";
import { rgPath } from "@vscode/ripgrep";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli/command-line.ts";
import { toGrepOptions } from "../../src/cli/flags/grep-options.ts";
import { parseFlags } from "../../src/cli/flags/parse.ts";
import { FLAGS } from "../../src/cli/flags/table.ts";
import { EverwarpError } from "../../src/base/errors.ts";
import { walk } from "../../src/search/walk/index.ts";
import { isOwn } from "../support/flag-samples.ts";
import { Dir } from "../support/cli.ts";
import { Random } from "../support/cli-random-source.ts";
import { captured } from "../support/environment.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";

const { numRuns: RUNS } = propertyRuns(400);
const SEED = propertySeed();

/** Letters that mean something to a parser, and some that should not. */
const PIECES = [
  "-",
  "--",
  "=",
  ",",
  ":",
  "!",
  "*",
  "[",
  "]",
  "{",
  "}",
  "(",
  "\\",
  "/",
  ".",
  "%",
  "$",
  " ",
  "\t",
  "\n",
];
const LETTERS = ["a", "A", "z", "Z", "0", "1", "9", "_", "é", "\u{1f600}", "\ufeff", "\u0000x", "\ud800"];
const VALUES = [
  "",
  "0",
  "1",
  "7",
  "-1",
  "+3",
  "1.5",
  "18446744073709551615",
  "18446744073709551616",
  "1K",
  "2M",
  "3G",
  "9T",
  "auto",
  "none",
  "never",
  "always",
  "ansi",
  "path",
  "modified",
  "line",
  "utf-8",
  "latin1",
  "sjis",
  "rust",
  "nothing",
  "rust:*.rs",
  "x:include:rust,py",
  "match:fg:red",
  "match:none",
  "line:style:bold",
  "path:bg:0xff,0x10,3",
  "*.txt",
  "!*.md",
  "[",
  "{a,b",
  "\\x00",
  "$1",
  "${name}",
  "/",
  "ab",
];

function randomText(random: Random): string {
  let text = "";
  for (let length = random.below(7); length > 0; length--)
    text += random.once(2) ? random.pick(PIECES) : random.pick(LETTERS);
  return text;
}

const randomValue = (random: Random): string => (random.once(4) ? randomText(random) : random.pick(VALUES));

/** What these do depends on more than their spelling: they read files, end the run early, or wait for input. */
const APART = new Set(["file", "ignore-file", "help", "version", "pre", "hostname-bin"]);

function randomFlag(random: Random, flags: typeof FLAGS): string[] {
  const flag = random.pick(flags);
  const names = [flag.long, ...(flag.aliases ?? []), ...(flag.negated === undefined ? [] : [flag.negated])];
  const isValued = flag.kind === "value" || flag.kind === "repeatable";
  const value = randomValue(random);
  if (flag.short !== undefined && random.once(2)) {
    const others = flags.filter(({ kind, short }) => kind === "switch" && short !== undefined);
    const before = random.once(3) ? (random.pick(others).short as string) : "";
    if (!isValued) return [`-${before}${flag.short}${random.once(20) ? "=" : ""}`];
    return random.pick([
      [`-${before}${flag.short}${value}`],
      [`-${before}${flag.short}=${value}`],
      [`-${before}${flag.short}`, value],
    ]);
  }
  const name = random.pick(names);
  const takes = isValued && name !== flag.negated;
  if (!takes) return [random.once(20) ? `--${name}=${value}` : `--${name}`];
  return random.once(2) ? [`--${name}=${value}`] : [`--${name}`, value];
}

/** Anything that a shell could hand over. */
function randomVector(random: Random): string[] {
  const vector: string[] = [];
  for (let count = random.below(6); count > 0; count--) {
    if (random.once(4)) vector.push(randomText(random));
    else vector.push(...randomFlag(random, FLAGS));
  }
  return vector;
}

/** Flags that both programs know, with values of any kind, in front of a search for a text in a file. */
function sharedVector(random: Random): string[] {
  const shared = FLAGS.filter((flag) => !isOwn(flag) && !APART.has(flag.long));
  const vector: string[] = [];
  for (let count = 1 + random.below(3); count > 0; count--) vector.push(...randomFlag(random, shared));
  if (random.once(6))
    vector.push(
      random.pick(["--nonsense", "-\u00e9", "--", "--=", "---", "-=", "--no-", "-n=3", "--hidden="]),
    );
  // No process can be given a NUL, and none of half a character.
  return vector.map((word) => word.replace(/[\0\ud800]/g, "")).concat("-e", "foo", "a.txt");
}

let dir: Dir;
let before: string;
beforeAll(() => {
  dir = new Dir("fuzz").file("a.txt", "foo\nbar\n").file("b.md", "foo\n");
  before = process.cwd();
  process.chdir(dir.path);
});
afterAll(() => {
  process.chdir(before);
  dir.remove();
});

describe("the option parser", () => {
  it("takes every vector or refuses it with a code", () => {
    for (let run = 0; run < RUNS * 10; run++) {
      const vector = randomVector(new Random(SEED + run));
      try {
        const flags = parseFlags(vector);
        if (flags.special !== undefined || flags.patterns.some((source) => "file" in source)) continue;
        const { walk: options, paths } = toGrepOptions(flags, captured().environment);
        walk(paths, options);
      } catch (error) {
        if (!(error instanceof EverwarpError) || error.code === "EW_INTERNAL")
          throw new Error(`seed ${SEED + run}: ${JSON.stringify(vector)}`, { cause: error });
      }
    }
  });

  it("takes and refuses what ripgrep does, of flags that both know", async () => {
    const differences: string[] = [];
    for (let run = 0; run < RUNS; run++) {
      const vector = sharedVector(new Random(SEED + run));
      const theirs = spawnSync(rgPath, ["--no-config", ...vector], { stdio: ["ignore", "pipe", "pipe"] });
      const { environment, errors } = captured();
      const code = await main(["search", "--no-config", ...vector], environment);
      if (code !== theirs.status || /^ +at /m.test(errors()))
        differences.push(
          `seed ${SEED + run}: ${JSON.stringify(vector)}: ours ${code} ${errors()}, theirs ${theirs.status} ${theirs.stderr.toString()}`,
        );
    }
    expect(differences.join("\n")).toBe("");
  }, 600_000);

  it("ends every command of everwarp without a stack", async () => {
    const commands = [
      "search",
      "paths",
      "cache",
      "bench",
      "doctor",
      "lint",
      "help",
      "version",
      "",
      "--version",
      "nonsense",
    ];
    for (let run = 0; run < RUNS; run++) {
      const random = new Random(SEED + run);
      const command = random.pick(commands);
      // What would measure or load for long is not asked for: these words are never complete commands.
      const words =
        command === "search"
          ? randomVector(random)
          : [randomText(random), "--no-such-option", randomText(random)];
      const vector = [command, ...words, ...(command === "search" ? ["--device=cpu"] : [])];
      if (vector.some((word) => /^-.*f|^--file/.test(word))) continue; // may wait for standard input
      const { environment, errors } = captured();
      const code = await main(vector, environment);
      expect([0, 1, 2], JSON.stringify(vector)).toContain(code);
      expect(errors(), `seed ${SEED + run}: ${JSON.stringify(vector)}`).not.toMatch(/^ +at |EW_INTERNAL/m);
    }
  }, 600_000);
});
