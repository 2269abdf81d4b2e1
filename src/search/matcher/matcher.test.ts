import { describe, expect, test } from "vitest";
import { requireDependency } from "../../base/index.ts";
import { createMatcher, type MatcherOptions } from "./create-matcher.ts";
import { isEngineLoaded } from "./regex-engine.ts";
import { plainText, smartCaseIgnores } from "./pattern-syntax.ts";

const plan = (pattern: string, options: Partial<MatcherOptions> = {}): string => {
  const made = createMatcher({ ...options, patterns: [pattern] }).plan;
  if (made.kind === "whole" || made.kind === "nothing") return made.kind;
  const literals = made.literals.map(
    ({ bytes, ignoreAsciiCase }) => `${Buffer.from(bytes).toString("latin1")}${ignoreAsciiCase ? "/i" : ""}`,
  );
  const exceptions = made.foldExceptions.map((run) => ` +${Buffer.from(run).toString("utf8")}`);
  return `${made.kind}: ${literals.sort().join(" ")}${exceptions.join("")}`;
};

const matches = (options: MatcherOptions, line: string | Buffer): string[] => {
  const matcher = createMatcher(options);
  const bytes = Buffer.from(line);
  const found: string[] = [];
  for (let from = 0; from <= bytes.length && matcher.findInLine(bytes, 0, bytes.length, from);) {
    found.push(`${matcher.matchStart}-${matcher.matchEnd}`);
    from = Math.max(matcher.matchEnd, matcher.matchStart + 1);
  }
  return found;
};

// First in this file, before any pattern needs the engine.
test("plain text never loads the regex engine", () => {
  for (const options of [
    { patterns: ["foo"] },
    { patterns: ["foo", "bar"], wordRegexp: true },
    { patterns: ["a.b"], fixedStrings: true, lineRegexp: true },
    { patterns: ["task"], caseMode: "insensitive" as const },
    { patterns: [String.raw`main\(\)`], caseMode: "smart" as const },
    { patterns: [] },
  ]) {
    const bytes = Buffer.from("foo a.b bar\nMAIN() main()\nTask\n");
    const matcher = createMatcher(options);
    matcher.findCandidate(bytes, 0, bytes.length);
    matcher.findInLine(bytes, 0, 11, 0);
  }
  expect(isEngineLoaded()).toBe(false);
});

describe("the plan", () => {
  test.each([
    ["foo", "literals: foo"],
    ["foo|bar", "literals: bar foo"],
    ["foo|foobar", "literals: foo"], // the longer one is never reached
    ["foobar|foo", "filter: foo foobar"],
    ["(a|b)c[de]", "literals: acd ace bcd bce"],
    ["(?i)foo", "literals: foo/i"],
    ["(?i)task", "literals: task/i +\u017f +\u212a"],
    ["(?i)Foo_9", "literals: foo_9/i"],
    ["[Kk]ey", "filter: key/i"], // no fold to U+212A here, but "ey" counts its case
    ["(?i)é", "literals: \u00c3\u0089 \u00c3\u00a9"],
    ["[A-Z]+_SUSPEND", "filter: _SUSPEND"],
    [String.raw`\bfoo\b`, "filter: foo"],
    ["foo.*barquux", "filter: barquux"],
    ["(foo|quux)+zap?", "filter: fooza quuxza"],
    ["x{3}y", "literals: xxxy"],
    ["a?b?c?", "whole"],
    [String.raw`foo[\nx]`, "literals: foox"], // a line feed cannot match
    [String.raw`\w+\s`, "whole"],
    ["", "whole"],
    ["^", "whole"],
    [String.raw`[^\x{0}-\x{10ffff}]`, "nothing"],
  ])("of %j is %s", (pattern, expected) => expect(plan(pattern)).toBe(expected));

  test("of words and whole lines only filters", () => {
    expect(plan("foo", { wordRegexp: true })).toBe("filter: foo");
    expect(plan("foo", { lineRegexp: true })).toBe("filter: foo");
  });

  test("of no pattern is nothing", () => expect(createMatcher({ patterns: [] }).plan.kind).toBe("nothing"));
});

describe("matches", () => {
  test("the earlier of two literals at one place", () => {
    expect(matches({ patterns: ["foo", "foobar"] }, "foobar")).toEqual(["0-3"]);
    expect(matches({ patterns: ["foobar", "foo"] }, "foobarfoo")).toEqual(["0-6", "6-9"]);
    expect(matches({ patterns: ["foo", "foobar"], wordRegexp: true }, "foobar")).toEqual(["0-6"]);
  });

  test("thousands of words as one by one", () => {
    const words = Array.from({ length: 2_000 }, (_, i) => `w${(i * 7919).toString(36)}k`);
    const text = Buffer.from(
      `${words.map((word, i) => (i % 3 === 0 ? word.toUpperCase() : `x${word}y`)).join("\n")}\n`,
    );
    for (const caseMode of ["sensitive", "insensitive"] as const) {
      const all = createMatcher({ patterns: words, caseMode });
      expect(all.plan.kind).toBe("whole");
      for (let start = 0; start < text.length;) {
        const end = text.indexOf(10, start);
        const line = text.toString("latin1", start, end);
        const shown = caseMode === "sensitive" ? line : line.toLowerCase();
        const first = Math.min(...words.map((word) => shown.indexOf(word)).filter((at) => at >= 0));
        expect(all.findInLine(text, start, end, start)).toBe(first < Number.POSITIVE_INFINITY);
        if (first < Number.POSITIVE_INFINITY) expect(all.matchStart).toBe(start + first);
        start = end + 1;
      }
    }
  });

  test("letters that fold to ASCII from afar", () => {
    expect(matches({ patterns: ["task"], caseMode: "insensitive" }, "TASK ta\u017fk ta\u017f\u212a")).toEqual(
      ["0-4", "5-10", "11-18"],
    );
  });

  test("words beside letters that are not ASCII", () => {
    expect(matches({ patterns: ["foo"], wordRegexp: true }, "éfoo foo fooé -foo-")).toEqual(["6-9", "17-20"]);
  });

  test("around bytes that are not UTF-8", () => {
    const line = Buffer.from("foo\xff\x80foo\xe2\x84foo", "latin1");
    expect(matches({ patterns: ["fo+"] }, line)).toEqual(["0-3", "5-8", "10-13"]);
    expect(matches({ patterns: ["o.f"] }, line)).toEqual([]);
  });

  test("a hundred thousand times in one line, in time linear in its length", () => {
    // Processor time, and the least of some rounds: the machine may be busy.
    const cost = (pattern: string, count: number): number => {
      const line = Buffer.from("foo ".repeat(count));
      const rounds = Array.from({ length: 3 }, () => {
        const before = process.cpuUsage();
        expect(matches({ patterns: [pattern] }, line).length).toBeGreaterThanOrEqual(count);
        return process.cpuUsage(before).user;
      });
      return Math.min(...rounds);
    };
    // A line sixteen times as long; searching the rest of it anew each time takes 256 times as long.
    for (const pattern of ["foo", "fo+", "o*"])
      expect(cost(pattern, 100_000) / Math.max(cost(pattern, 6_250), 1000)).toBeLessThan(100);
  });

  test("in shared memory, up to the end that is given and no further", () => {
    const text = Buffer.from("one\nfoo é\xff\n\x80 two\nfoo three");
    const shared = new Uint8Array(new SharedArrayBuffer(text.length + 7));
    shared.set(text);
    for (const pattern of ["two", "t[w]o|zz+", String.raw`\w\w\w?o$`, "(?i)É", "x*"]) {
      const matcher = createMatcher({ patterns: [pattern] });
      const plain = createMatcher({ patterns: [pattern] });
      for (const end of [3, 11, 20, text.length]) {
        const candidate = matcher.findCandidate(shared, 4, Math.max(end, 4));
        expect(candidate).toBe(plain.findCandidate(text.subarray(0, end), 4, Math.max(end, 4)));
        expect(candidate).toBeLessThan(end);
        expect(matcher.findInLine(shared, 4, 11, 4)).toBe(plain.findInLine(text, 4, 11, 4));
        expect(matcher.matchEnd).toBe(plain.matchEnd);
      }
    }
  });

  test("an answer to `from` in the middle of an earlier match", () => {
    const line = Buffer.from(`${"ab".repeat(200)}`);
    const matcher = createMatcher({ patterns: ["[a](ba)+"] });
    expect(matcher.findInLine(line, 0, line.length, 0)).toBe(true);
    expect(matcher.findInLine(line, 0, line.length, 3)).toBe(true);
    expect([matcher.matchStart, matcher.matchEnd]).toEqual([4, 399]);
  });
});

test("a pattern that could match half a character is refused with a way out", () => {
  expect(() => createMatcher({ patterns: [String.raw`(?-u:\xff)`] })).toThrow(
    /pattern can match invalid UTF-8\. Leave out/,
  );
});

test.each([
  ["foo", true],
  ["Foo", false],
  [String.raw`foo\S`, true],
  [String.raw`foo\\S`, false],
  [String.raw`\pL`, false],
  [String.raw`\p{Lu}x`, true],
  ["[A-Z]x", false],
  ["[a-z]x", true],
  ["(?P<Name>x)", true],
  ["(?U)x", true],
  [String.raw`\x41`, false],
  [String.raw`a\u0061`, true],
  [String.raw`\x{41}`, false],
  // Beside a small letter, only the escape can tell of a capital.
  [String.raw`\x41b`, false],
  [String.raw`\u0041b`, false],
  [String.raw`\U00000041b`, false],
  [String.raw`\x{41}b`, false],
  [String.raw`\x61`, true],
  ["[[:alpha:]]", false],
  ["[[:alpha:]x]", true],
  ["", false],
  ["É", false],
  ["é", true],
  ["123", true],
])("smart case ignores the case of %j: %s", (pattern, expected) =>
  expect(smartCaseIgnores(pattern)).toBe(expected),
);

test.each([
  ["foo", "foo"],
  [String.raw`a\.b\(\)`, "a.b()"],
  ["a.b", undefined],
  [String.raw`\d`, undefined],
  ["a\\", undefined],
])("the plain text of %j is %j", (pattern, expected) => expect(plainText(pattern)).toBe(expected));

test("a line with many matches is asked once for letters that fold beyond ASCII, not for each match", () => {
  const matcher = createMatcher({ patterns: ["sk"], caseMode: "insensitive" });
  const line = Buffer.from("ask ".repeat(2_000));
  let looks = 0;
  const counted = new Proxy<Uint8Array>(line, {
    get: (target, key) => {
      if (typeof key === "string" && /^\d+$/.test(key)) looks++;
      return Reflect.get(target, key, target) as unknown;
    },
  });
  let count = 0;
  for (let from = 0; from <= line.length && matcher.findInLine(counted, 0, line.length, from);) {
    from = matcher.matchEnd;
    count++;
  }
  expect(count).toBe(2_000);
  expect(looks).toBeLessThan(50 * line.length);
});

test("a match is found wherever the engine's memory lies, beyond 2 GiB too", () => {
  const { __wasm: module } = requireDependency("rregex") as {
    __wasm: {
      __wbindgen_malloc(size: number, alignment: number): number;
      __wbindgen_free(address: number, size: number, alignment: number): void;
    };
  };
  const blockBytes = 0x3000_0000;
  const blocks = Array.from({ length: 3 }, () => module.__wbindgen_malloc(blockBytes, 1)); // nobody writes to them
  try {
    const line = Buffer.from(`${"a".repeat(8_000_000)}xxy`);
    const matcher = createMatcher({ patterns: ["x+y"] });
    expect(matcher.findInLine(line, 0, line.length, 0)).toBe(true);
    expect([matcher.matchStart, matcher.matchEnd]).toEqual([8_000_000, 8_000_003]);
  } finally {
    for (const block of blocks) module.__wbindgen_free(block, blockBytes, 1);
  }
});
