/**
 * The flags that ripgrep has not, against chains of ripgrep's own processes: one search for each pattern says which
 * lines and files match it. In a second tree, the lines that are left begin with a mark, and ripgrep searches for that.
 * EVERWARP_PROPERTY_RUNS makes more cases.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dir, runHere, runRipgrep, spawned } from "../support/cli.ts";
import { Random } from "../support/cli-random-source.ts";
import { propertyRuns, propertySeed } from "../support/property-runs.ts";

const MARK = "@";
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

/** What is asked of lines and files. */
interface Asked {
  readonly reading: readonly string[];
  readonly main: string;
  readonly and: readonly string[];
  readonly not: readonly string[];
  readonly fileAnd: readonly string[];
  readonly fileNot: readonly string[];
}

const argumentsOf = ({ reading, main, and, not, fileAnd, fileNot }: Asked): string[] => [
  ...reading,
  ...["-e", main],
  ...and.flatMap((pattern) => ["--and", pattern]),
  ...not.flatMap((pattern) => ["--not", pattern]),
  ...fileAnd.flatMap((pattern) => ["--file-and", pattern]),
  ...fileNot.map((pattern) => `--file-not=${pattern}`),
];

/** With --crlf, ripgrep ends lines of its own in CR LF. */
const linesOf = (bytes: Buffer): string[] => bytes.toString().split(/\r?\n/).slice(0, -1);
const ripgrep = (dir: Dir, ...args: string[]): string[] =>
  linesOf(runRipgrep(dir.path, [...args, "."]).stdout);

/** The files that are searched, in the order of their paths. */
function filesOf(dir: Dir, { reading, fileAnd, fileNot }: Asked): string[] {
  const matching = (pattern: string): Set<string> => new Set(ripgrep(dir, ...reading, "-l", "-e", pattern));
  const wanted = fileAnd.map(matching);
  const unwanted = fileNot.map(matching);
  return ripgrep(dir, "--files", "--sort", "path").filter(
    (file) => wanted.every((set) => set.has(file)) && unwanted.every((set) => !set.has(file)),
  );
}

/** `./path:number` of each hit. */
function hitsOf(dir: Dir, { reading, main, and, not }: Asked): Set<string> {
  const place = (line: string): string => /^[^:]+:\d+/.exec(line)?.[0] ?? "";
  const matching = (pattern: string): Set<string> =>
    new Set(ripgrep(dir, ...reading, "-Hn", "--no-heading", "-e", pattern).map(place));
  const wanted = and.map(matching);
  const unwanted = not.map(matching);
  return new Set(
    [...matching(main)].filter(
      (hit) => wanted.every((set) => set.has(hit)) && unwanted.every((set) => !set.has(hit)),
    ),
  );
}

/** The files that are searched, with a mark before each hit. */
function markedTree(dir: Dir, asked: Asked): Dir {
  const hits = hitsOf(dir, asked);
  const marked = new Dir("marked");
  for (const file of filesOf(dir, asked)) {
    const lines = readFileSync(join(dir.path, file), "utf8").split("\n");
    const text = lines.map((line, index) => (hits.has(`${file}:${index + 1}`) ? MARK + line : line));
    marked.file(file, text.join("\n"));
  }
  return marked;
}

/** The options of reading that change how lines end in the output. */
const endings = ({ reading }: Asked): readonly string[] => reading.filter((option) => option === "--crlf");

const withoutMarks = (text: string): string => text.replaceAll(MARK, "");

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

describe(`lines and files that match several patterns (seed ${seed})`, () => {
  it("are those that ripgrep finds one pattern after another", async () => {
    await eachCase(40, async (asked, marked) => {
      const printed = [...random.pick(PRINTED), ...endings(asked)];
      const args = [...printed, "--sort", "path", ...argumentsOf(asked), "."];
      const ours = await runHere(tree.path, args);
      const theirs = runRipgrep(marked.path, [...printed, "--sort", "path", `^${MARK}`, "."]);
      expect({ args, code: ours.code, text: ours.stdout.toString() }).toEqual({
        args,
        code: theirs.code,
        text: withoutMarks(theirs.stdout.toString()),
      });
    });
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
      const theirs = messagesOf(
        runRipgrep(marked.path, ["--json", "--sort", "path", `^${MARK}`, "."]).stdout,
      );
      expect({ args, places: places(ours) }).toEqual({ args, places: places(theirs) });
      expect(ours.at(-1)?.data.stats.matched_lines).toBe(theirs.at(-1)?.data.stats.matched_lines);
    });
  });
});

/** The files that have something to show, and how many lines of each match, as ripgrep counts them. */
function countsOf(marked: Dir, options: readonly string[]): { file: string; count: number }[] {
  return ripgrep(marked, ...options, "-cH", "--sort", "path", `^${MARK}`).map((line) => {
    const colon = line.lastIndexOf(":");
    return { file: line.slice(0, colon), count: Number(line.slice(colon + 1)) };
  });
}

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
    const args = [...options, "-H", ...(left < hits ? [`-m${left}`] : []), `^${MARK}`, file];
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
      const ours = await runHere(tree.path, args);
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
        withoutMarks(runRipgrep(marked.path, ["-n", "--sort=path", `^${MARK}`, "."]).stdout.toString()),
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
