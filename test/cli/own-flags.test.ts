/** The flags that ripgrep has not, in random combinations. EVERWARP_PROPERTY_RUNS makes more of them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dir, runHere, runRipgrep } from "../support/cli.ts";
import { hitsEngine } from "../support/hits-engine.ts";
import { Random } from "../support/cli-random-source.ts";
import {
  argumentsOf,
  type Asked,
  countsOf,
  endings,
  filesOf,
  hitsOf,
  linesOf,
  MARKED,
  markedTree,
  ripgrep,
  withoutMarks,
} from "../support/pattern-chains.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";

const WORDS = ["red", "green", "blue", "Red", "GREEN", "re", "reed", "x.y", "xzy", "ünï", ""];
const PATTERNS = [
  "red",
  "re+d",
  "green",
  "^blue",
  "GREEN",
  "x.y",
  "e",
  "ünï|blue",
  "\\bre\\b",
  "d$",
  "(re+)d",
  "",
];
const READING = [[], ["-i"], ["-S"], ["-F"], ["-w"], ["-x"], ["-i", "-w"], ["--crlf"]];

let tree: Dir;
const seed = propertySeed();
const random = new Random(seed);
beforeAll(() => {
  tree = new Dir("own-flags");
  const line = (): string => Array.from({ length: random.below(4) }, () => random.pick(WORDS)).join(" ");
  for (let file = 0; file < 24; file++) {
    const ending = random.once(4) ? "\r\n" : "\n";
    const text = Array.from({ length: random.below(9) }, line).join(ending);
    tree.file(
      `${random.pick(["", "sub/", "sub/deep/", "other/"])}file-${file}`,
      text + (random.once(3) ? "" : ending),
    );
  }
});
afterAll(() => tree.remove());

const some = (most: number): string[] =>
  Array.from({ length: random.below(most + 1) }, () => random.pick(PATTERNS));

const randomAsked = (): Asked => ({
  reading: random.pick(READING),
  main: random.pick(PATTERNS),
  and: some(2),
  not: some(1),
  fileAnd: some(1),
  fileNot: random.once(3) ? some(1) : [],
});

/** Runs a check of random cases. The seed makes the same ones again. */
async function eachCase(count: number, check: (asked: Asked, marked: Dir) => Promise<void>): Promise<void> {
  const { numRuns } = propertyRuns(count);
  for (let run = 0; run < numRuns; run++) {
    const asked = randomAsked();
    const marked = markedTree(tree, asked);
    try {
      await check(asked, marked);
    } finally {
      marked.remove();
    }
  }
}

const PRINTED: readonly (readonly string[])[] = [
  ["-n"],
  ["-c"],
  ["-l"],
  ["--files-without-match"],
  ["-v", "-n"],
  ["-v", "-c"],
  ["-n", "-A1"],
  ["-n", "-B2"],
  ["-n", "-C1"],
  ["-v", "-C1"],
  ["-m1", "-n"],
  ["-m1", "-A2", "-n"],
  ["--passthru", "-n"],
  ["-c", "--include-zero"],
  ["--heading", "-n"],
  ["--stop-on-nonmatch", "-n"],
  ["-q"],
  ["-v", "-on"],
  ["-v", "-n", "-r", "<$1>"],
];

/** Half of the searches are answered from hits that are known before. */
const engine = hitsEngine();

describe(`lines and files that match several patterns (seed ${seed})`, () => {
  it("are those that ripgrep finds one pattern after another", async () => {
    await eachCase(40, async (asked, marked) => {
      const printed = [...random.pick(PRINTED), ...endings(asked)];
      const args = [...printed, "--sort", "path", ...argumentsOf(asked), "."];
      const ours = await runHere(tree.path, args, {}, random.once(2) ? engine : {});
      const theirs = runRipgrep(marked.path, [...printed, "--sort", "path", MARKED, "."]);
      expect({ args, code: ours.code, text: ours.stdout.toString() }).toEqual({
        args,
        code: theirs.code,
        text: withoutMarks(theirs.stdout.toString()),
      });
    });
    expect(engine.listed).toBeGreaterThan(0);
  });

  it("show the matches of the main pattern", async () => {
    await eachCase(15, async (asked) => {
      const hits = hitsOf(tree, asked);
      const files = new Set(filesOf(tree, asked));
      const isHit = (line: string): boolean => {
        const [, file, number] = /^([^:]+):(\d+):/.exec(line) ?? [];
        return files.has(String(file)) && hits.has(`${file}:${number}`);
      };
      const replacing = random.once(2) ? ["-r", "<$1>"] : [];
      const shown = ["-on", "-H", "--column", ...replacing, "--sort", "path"];
      const args = [...shown, ...argumentsOf(asked), "."];
      const ours = await runHere(tree.path, args);
      const theirs = ripgrep(tree, ...shown, ...asked.reading, "-e", asked.main).filter(isHit);
      expect({ args, lines: linesOf(ours.stdout) }).toEqual({ args, lines: theirs });
    });
  });

  it("are told in JSON, and counted", async () => {
    interface Message {
      type: string;
      data: { path: { text: string }; line_number: number; stats: { matched_lines: number } };
    }
    await eachCase(12, async (asked, marked) => {
      const messagesOf = (bytes: Buffer): Message[] =>
        linesOf(bytes).map((line) => JSON.parse(line) as Message);
      const places = (messages: Message[]): string[] =>
        messages
          .filter(({ type }) => type === "match")
          .map(({ data }) => `${data.path.text}:${data.line_number}`);
      const args = ["--json", "--sort", "path", ...argumentsOf(asked), "."];
      const ours = messagesOf((await runHere(tree.path, args)).stdout);
      const theirs = messagesOf(runRipgrep(marked.path, ["--json", "--sort", "path", MARKED, "."]).stdout);
      expect({ args, places: places(ours) }).toEqual({ args, places: places(theirs) });
      expect(ours.at(-1)?.data.stats.matched_lines).toBe(theirs.at(-1)?.data.stats.matched_lines);
    });
  });
});

/** What ripgrep prints of files one after another, at most so many lines in all. */
function printedInTurn(
  marked: Dir,
  files: readonly { file: string; count: number }[],
  options: readonly string[],
  maxTotal: number,
): string {
  let left = maxTotal;
  let text = "";
  for (const { file, count } of files) {
    const hits = options.includes("-l") ? 1 : count;
    if (left === 0) break;
    const args = [...options, "-H", ...(left < hits ? [`-m${left}`] : []), MARKED, file];
    text += runRipgrep(marked.path, args).stdout.toString();
    left -= Math.min(left, hits);
  }
  return withoutMarks(text);
}

const COUNTED: readonly (readonly string[])[] = [
  ["-n"],
  ["-c"],
  ["-l"],
  ["-v", "-n"],
  ["-v", "-c"],
  ["-m2", "-n"],
];

describe(`files and lines by number (seed ${seed})`, () => {
  it("--max-total ends the output after so many lines", async () => {
    await eachCase(25, async (asked, marked) => {
      const options = [...random.pick(COUNTED), ...endings(asked)];
      const maxTotal = 1 + random.below(12);
      const wanted = printedInTurn(marked, countsOf(marked, options), options, maxTotal);
      const args = [
        ...options,
        "-H",
        `--max-total=${maxTotal}`,
        "--sort",
        "path",
        ...argumentsOf(asked),
        ".",
      ];
      const ours = await runHere(tree.path, args, {}, random.once(2) ? engine : {});
      expect({ args, text: ours.stdout.toString() }).toEqual({ args, text: wanted });
      expect(ours.code).toBe(wanted === "" ? 1 : 0);
    });
  });

  it.each([
    ["--sort", 1],
    ["--sortr", -1],
  ])("%s count orders files, and --max-total takes the first ones", async (flag, sign) => {
    await eachCase(12, async (asked, marked) => {
      const options = [...random.pick(COUNTED), ...endings(asked)];
      const maxTotal = random.once(2) ? 1 + random.below(12) : Infinity;
      const files = countsOf(marked, options).toSorted((a, b) => sign * (a.count - b.count));
      const limit = maxTotal === Infinity ? [] : ["--max-total", String(maxTotal)];
      const args = [...options, "-H", ...limit, flag, "count", ...argumentsOf(asked), "."];
      const ours = await runHere(tree.path, args);
      expect({ args, text: ours.stdout.toString() }).toEqual({
        args,
        text: printedInTurn(marked, files, options, maxTotal),
      });
    });
  });

  it("--max-total counts files where files are listed", async () => {
    const without = ripgrep(tree, "--files-without-match", "--sort", "path", "red");
    expect(without.length).toBeGreaterThan(2);
    const args = ["--files-without-match", "--sort", "path", "--max-total", "2", "red", "."];
    expect(linesOf((await runHere(tree.path, args)).stdout)).toEqual(without.slice(0, 2));
  });

  it("--max-total 0 finds nothing, as -m 0", async () => {
    const theirs = runRipgrep(tree.path, ["-m0", "", "."]);
    const ours = await runHere(tree.path, ["--max-total=0", "", "."]);
    expect([ours.code, ours.stdout.toString()]).toEqual([theirs.code, theirs.stdout.toString()]);
  });
});
