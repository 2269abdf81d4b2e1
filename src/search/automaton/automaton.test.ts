/** Automata against Rust's regex engine: the matches of lines, for random patterns and random bytes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { piece, regex, text } from "../../../test/support/regex-cases.ts";
import type { LineAutomaton, Matcher } from "../contracts.ts";
import { createMatcher, type MatcherOptions, syntaxOf } from "../matcher/index.ts";
import { lineMatches } from "../reference/index.ts";
import { compileAutomaton, type AutomatonLimits } from "./index.ts";

const RUNS = propertyRuns(30);
const LINE_FEED = 10;

/** Large enough for everything that the generators make. */
const AMPLE: AutomatonLimits = {
  maxNfaStates: 50_000,
  maxUnicodeNfaStates: 50_000,
  maxStates: 20_000,
  maxSteps: 5_000_000,
};

/** The automaton of a pattern, and the matcher that knows better. Undefined for a pattern that is refused. */
function compiled(
  options: MatcherOptions,
  limits = AMPLE,
): { automaton: LineAutomaton | undefined; matcher: Matcher } | undefined {
  let matcher: Matcher;
  try {
    matcher = createMatcher({ ...options, allowNul: true });
  } catch {
    return undefined;
  }
  const syntax = syntaxOf(matcher);
  return { matcher, automaton: syntax && compileAutomaton(syntax, limits) };
}

/** As `MatchList`, without a judgement about the end of a file. */
function exactMatches(matcher: Matcher, bytes: Uint8Array, start: number, end: number): object[] {
  const matches: object[] = [];
  let lastEnd = -1;
  for (let from = start; from <= end && matcher.findInLine(bytes, start, end, from);) {
    const { matchStart, matchEnd } = matcher;
    const isEmpty = matchStart === matchEnd;
    from = isEmpty ? matchEnd + 1 : matchEnd;
    if (isEmpty && matchEnd === lastEnd) continue;
    lastEnd = matchEnd;
    matches.push({ start: matchStart, end: matchEnd });
  }
  return matches;
}

function* linesOf(bytes: Uint8Array): Generator<[start: number, end: number]> {
  for (let start = 0; start <= bytes.length;) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed < 0 ? bytes.length : feed;
    yield [start, end];
    start = end + 1;
  }
}

type Compiled = NonNullable<ReturnType<typeof compiled>>;

/** @returns how many lines the automaton did not decide */
function compare({ automaton, matcher }: Compiled, bytes: Uint8Array): number {
  let undecided = 0;
  if (automaton === undefined) return undecided;
  for (const [start, end] of linesOf(bytes)) {
    const found = lineMatches(automaton, bytes, start, end);
    if (found === undefined) undecided++;
    else expect(found).toEqual(exactMatches(matcher, bytes, start, end));
  }
  return undecided;
}

const modes = fc.record({
  caseMode: fc.constantFrom("sensitive" as const, "insensitive" as const),
  wordRegexp: fc.boolean(),
  lineRegexp: fc.boolean(),
});
const patternLists = fc.array(regex, { minLength: 1, maxLength: 2 });
const asciiText = text.map((bytes) =>
  Buffer.from(bytes.map((byte) => (byte >= 0x80 ? 0x21 + (byte & 0x3f) : byte))),
);

const validText = fc
  .array(fc.array(piece, { maxLength: 8 }), { maxLength: 6 })
  .map((lines) => Buffer.from(lines.map((line) => line.join("")).join("\n")));

describe("an automaton", () => {
  // To make an automaton takes longer than to try it, so each is tried on texts of all kinds.
  it("matches what the regex engine matches, wherever it decides, and decides every line of ASCII", () => {
    fc.assert(
      fc.property(patternLists, modes, text, asciiText, (patterns, mode, bytes, ascii) => {
        const made = compiled({ ...mode, patterns });
        if (made === undefined) return;
        if (syntaxOf(made.matcher) !== undefined) expect(made.automaton).toBeDefined();
        compare(made, bytes);
        expect(compare(made, ascii)).toBe(0);
      }),
      RUNS,
    );
  });

  it("decides every line of valid characters, where the pattern has no word boundary", () => {
    const plain = patternLists.filter((patterns) => patterns.every((pattern) => !/\\[bB]/.test(pattern)));
    fc.assert(
      fc.property(plain, validText, (patterns, bytes) => {
        const made = compiled({ patterns });
        if (made !== undefined) expect(compare(made, bytes)).toBe(0);
      }),
      RUNS,
    );
  });

  it("of ASCII alone matches the same, wherever it decides, and decides every line of ASCII", () => {
    const limits = { ...AMPLE, maxUnicodeNfaStates: 0 };
    fc.assert(
      fc.property(patternLists, modes, text, asciiText, (patterns, mode, bytes, ascii) => {
        const made = compiled({ ...mode, patterns }, limits);
        if (made === undefined) return;
        compare(made, bytes);
        expect(compare(made, ascii)).toBe(0);
      }),
      RUNS,
    );
  });
});

describe("word boundaries beside letters beyond ASCII", () => {
  const decide = (pattern: string, line: string): object[] | undefined => {
    const { automaton } = compiled({ patterns: [pattern] }) ?? {};
    const bytes = Buffer.from(line);
    return automaton && lineMatches(automaton, bytes, 0, bytes.length);
  };

  it("are left to others only where they matter", () => {
    expect(decide(String.raw`\bint\b`, "é int ü, print, int")).toEqual([
      { start: 3, end: 6 },
      { start: 18, end: 21 },
    ]);
    expect(decide(String.raw`\bint\b`, "éint")).toBeUndefined();
    expect(decide(String.raw`\bint\b`, "inté")).toBeUndefined();
  });
});

describe("the size of an automaton", () => {
  it.each([
    [String.raw`(a|b)*a(a|b){20}`],
    [String.raw`(?:\w{1,50}x){1,50}`],
    [Array.from({ length: 3000 }, (_, index) => `word${index * 7919}`).join("|")],
  ])("is limited, whatever the pattern (%#)", (pattern) => {
    const { automaton } =
      compiled(
        { patterns: [pattern] },
        { maxNfaStates: 20_000, maxUnicodeNfaStates: 2_500, maxStates: 500, maxSteps: 100_000 },
      ) ?? {};
    expect(automaton).toBeUndefined();
  });

  it("is small for what people ask", () => {
    const { automaton } = compiled({ patterns: ["[0-9]{6,}"] }) ?? {};
    expect(automaton?.forward.stateCount).toBeLessThan(20);
    expect(automaton?.classCount).toBeLessThan(8);
  });
});
