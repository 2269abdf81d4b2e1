/** Programs over bit planes: the reference finds the lines that the regex engine finds. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { regex, text } from "../../../test/support/regex-cases.ts";
import type { Matcher } from "../contracts.ts";
import { createMatcher, syntaxOf } from "../matcher/index.ts";
import { planeLines } from "../reference/index.ts";
import { compilePlanes, type PlanesAnswer } from "./index.ts";

const RUNS = propertyRuns(150);
const LINE_FEED = 10;

interface Modes {
  readonly caseMode?: "sensitive" | "insensitive";
  readonly wordRegexp?: boolean;
  readonly lineRegexp?: boolean;
}

function planesOf(
  pattern: string,
  modes: Modes = {},
): { matcher: Matcher; answer: PlanesAnswer } | undefined {
  let matcher: Matcher;
  try {
    matcher = createMatcher({ patterns: [pattern], allowNul: true, ...modes });
  } catch {
    return undefined;
  }
  const syntax = syntaxOf(matcher);
  return syntax && { matcher, answer: compilePlanes(syntax) };
}

/** Start and end of each line of a text that ends with a line feed. */
function linesOf(content: Uint8Array): [start: number, end: number][] {
  const lines: [number, number][] = [];
  for (let start = 0; start < content.length;) {
    const feed = content.indexOf(LINE_FEED, start);
    lines.push([start, feed]);
    start = feed + 1;
  }
  return lines;
}

/** The line feeds of the lines that match, by the regex engine. */
const expected = (matcher: Matcher, content: Uint8Array): number[] =>
  linesOf(content).flatMap(([start, end]) => (matcher.findInLine(content, start, end, start) ? [end] : []));

const modes: fc.Arbitrary<Modes> = fc.record({
  caseMode: fc.constantFrom("sensitive" as const, "insensitive" as const),
  wordRegexp: fc.boolean(),
  lineRegexp: fc.boolean(),
});

describe("a program over bit planes", () => {
  it("tells the lines that match, and is in doubt only beyond ASCII", () => {
    let programs = 0;
    fc.assert(
      fc.property(regex, modes, text, (pattern, how, bytes) => {
        const { matcher, answer } = planesOf(pattern, how) ?? {};
        if (matcher === undefined || answer?.program === undefined) return;
        programs++;
        const content = Buffer.concat([bytes, Buffer.from("\n")]);
        const { lines, doubts } = planeLines(answer.program, content);
        const wanted = expected(matcher, content);
        const inDoubt = new Set(doubts);
        expect(lines.filter((end) => !inDoubt.has(end) || wanted.includes(end))).toEqual(wanted);
        for (const end of doubts) {
          const start = content.lastIndexOf(LINE_FEED, end - 1) + 1;
          expect(content.subarray(start, end).some((byte) => byte >= 0x80)).toBe(true);
        }
      }),
      RUNS,
    );
    expect(programs).toBeGreaterThan(RUNS.numRuns / 8);
  });

  it.each([
    ["[0-9]{6,}", "12345\n123456\n1234567\na 12 345678 b\n", [1, 2, 3]],
    ["[A-Z]{3,}_[A-Z]{3,}", "AB_ABC\nABC_AB\nABC_ABC\nxABCD_ABCDx\n", [2, 3]],
    [String.raw`\w{30,}`, `${"a".repeat(29)}\n${"b_1".repeat(10)}\n`, [1]],
    ["[aeiou]{5}", "queueing\nqueue\nquue\naeioua\n", [0, 3]],
    [String.raw`\bint\b`, "print\nint\ninteger\n(int)\n", [1, 3]],
    [String.raw`\s+$`, "a b\na \nb\t \n\n", [1, 2]],
    [String.raw`\w+@\w+\.com`, "a@.com\na@b.com\n@b.com\na@b.cob\n", [1]],
    [String.raw`"[^"]*\\n[^"]*"`, '"a\\n"\n"a" \\n "b"\n"x\\\n\\n"\n', [0, 1]],
    ["if .* else .* for .* in", "x if a else b for c in d\nif a for b else c in\n", [0]],
    ["(?i)warning.{0,20}deprecat", `WARNING: Deprecated\nwarning${"x".repeat(21)}deprecat\n`, [0]],
    ["x{2,3}y", "xy\naxxy\nxxxxy\n", [1, 2]],
    ["ax{2,3}y", "axy\naxxy\naxxxy\naxxxxy\n", [1, 2]],
    ["a(bc|de){1,3}f", "af\nabcf\nabcdebcf\nabcdebcdef\n", [1, 2]],
    [`a[bc]{40}d`, `a${"b".repeat(40)}d\na${"c".repeat(39)}d\na${"b".repeat(41)}d\n`, [0]],
    ["colou?r$", "color\ncolour\ncolouur\ncolor \n", [0, 1]],
  ])("of %s decides lines of ASCII", (pattern, content, wanted) => {
    const { program } = planesOf(pattern)!.answer;
    const bytes = Buffer.from(content);
    const ends = linesOf(bytes).map(([, end]) => end);
    const { lines, doubts } = planeLines(program!, bytes);
    expect(lines.map((end) => ends.indexOf(end))).toEqual(wanted);
    expect(doubts).toEqual([]);
  });

  it.each([
    ["x*", "an empty line"],
    ["^$", "an empty line"],
    ["x(?:ab)*y", "without a limit"],
    ["x(?:ab){3,90}y", "90 times"],
    ["x(?:[a-z]{1,50}y){1,30}z", "steps"],
    [Array.from({ length: 300 }, (_, index) => `word${index * 7919}x`).join("|"), "steps"],
  ])("is not made of %s", (pattern, reason) => {
    expect(planesOf(pattern)!.answer.whyNot).toContain(reason);
  });
});
