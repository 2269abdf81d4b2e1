/** The match kernel against its reference: every match of every line, for random patterns, texts and interruptions. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { regex, text } from "../../../test/support/regex-cases.ts";
import { compileAutomaton } from "../automaton/index.ts";
import type { LineAutomaton } from "../contracts.ts";
import { createMatcher, syntaxOf } from "../matcher/index.ts";
import { lineMatches } from "../reference/index.ts";
import { reserveSharedMemory } from "../scanner/index.ts";
import { MATCH_OUT, MATCH_STATUS, MatchKernel } from "./match-kernel.ts";
import { makeMatchProgram, matchProgramBytes, placeMatchProgram } from "./match-program.ts";

const RUNS = propertyRuns(30);
const LINE_FEED = 10;
const PROGRAM = 4096;
const OUT = 16 << 20;
const TEXT = 17 << 20;
const memory = reserveSharedMemory(24 << 20);
const bytes = new Uint8Array(memory.buffer);
const words = new Uint32Array(memory.buffer);
const kernel = new MatchKernel(memory);

interface Found {
  /** Offset, length, line, column. */
  readonly matches: [number, number, number, number][];
  /** Offset and number of each line. */
  readonly undecided: [number, number][];
}

function automatonOf(pattern: string): LineAutomaton | undefined {
  try {
    const syntax = syntaxOf(createMatcher({ patterns: [pattern], allowNul: true }));
    return (
      syntax &&
      compileAutomaton(syntax, {
        maxNfaStates: 50_000,
        maxUnicodeNfaStates: 50_000,
        maxStates: 2000,
        maxSteps: 200_000,
      })
    );
  } catch {
    return undefined; // refused
  }
}

/** What the kernel must find in the lines that begin in [first, until). */
function expected(
  automaton: LineAutomaton,
  content: Uint8Array,
  first: number,
  until: number,
  only?: Set<number>,
): Found {
  const found: Found = { matches: [], undecided: [] };
  let line = 0;
  for (let start = first; start < until;) {
    line++;
    const feed = content.indexOf(LINE_FEED, start);
    const end = feed < 0 ? content.length : feed;
    const matches = only?.has(start) === false ? [] : lineMatches(automaton, content, start, end);
    if (matches === undefined) found.undecided.push([start, line]);
    for (const match of matches ?? []) {
      if (match.start === content.length) continue;
      found.matches.push([match.start, match.end - match.start, line, match.start - start + 1]);
    }
    start = end + 1;
  }
  return found;
}

interface Run {
  readonly capacity: number;
  readonly budget: number;
  readonly isLocated: boolean;
}

/** Runs the kernel to the end, and does what a thread does with what it gives. */
function run({ capacity, budget, isLocated }: Run): Found {
  const found: Found = { matches: [], undecided: [] };
  for (let status: number = MATCH_STATUS.PAUSED; status !== MATCH_STATUS.DONE;) {
    status = kernel.run(OUT, capacity, budget, isLocated);
    const column = (index: number): Uint32Array => {
      const at = OUT / 4 + MATCH_OUT.columns + index * capacity;
      return words.subarray(at, at + capacity);
    };
    const count = words[OUT / 4 + MATCH_OUT.count]!;
    expect(count).toBeLessThanOrEqual(capacity);
    for (let index = 0; index < count; index++) {
      const row = [0, 1, 2, 3].map((number) => column(number)[index]!) as [number, number, number, number];
      found.matches.push(isLocated ? row : [row[0], row[1], 0, row[3]]);
    }
    if (status !== MATCH_STATUS.UNDECIDED) continue;
    const offset = words[OUT / 4 + MATCH_OUT.lineStart]! - TEXT;
    found.undecided.push([offset, words[OUT / 4 + MATCH_OUT.line]!]);
    while ((found.matches.at(-1)?.[0] ?? -1) >= offset) found.matches.pop();
  }
  return found;
}

const withoutLines = ({ matches, undecided }: Found): Found => ({
  matches: matches.map(([offset, length, , column]) => [offset, length, 0, column]),
  undecided,
});

function place(automaton: LineAutomaton, content: Uint8Array): void {
  placeMatchProgram(makeMatchProgram(automaton), words, PROGRAM);
  expect(PROGRAM + matchProgramBytes(automaton)).toBeLessThan(OUT);
  bytes.fill(0x61, TEXT - 64, TEXT); // what lies before a file is not looked at
  bytes.set(content, TEXT);
  bytes.fill(LINE_FEED, TEXT + content.length, TEXT + content.length + 16);
  bytes.fill(0x61, TEXT + content.length + 16, TEXT + content.length + 80);
  kernel.use(PROGRAM);
}

const runs = fc.record({
  capacity: fc.constantFrom(1, 2, 3, 1000),
  budget: fc.constantFrom(1, 5, 64, 1 << 20),
  isLocated: fc.boolean(),
});
const longText = fc
  .tuple(fc.array(text, { maxLength: 6 }), fc.nat(200), fc.boolean())
  .map(([parts, gap, isFirst]) => {
    const filler = Buffer.from(`${"-".repeat(gap)}\n`);
    return Buffer.concat(
      parts.flatMap((part) => (isFirst ? [filler, part] : [part, filler.subarray(0, gap)])),
    );
  });

describe("the match kernel", () => {
  it("finds what the reference finds, however often it is interrupted", () => {
    fc.assert(
      fc.property(regex, fc.oneof(text, longText), runs, (pattern, content, how) => {
        const automaton = automatonOf(pattern);
        if (automaton === undefined) return;
        place(automaton, content);
        const wanted = expected(automaton, content, 0, content.length);
        kernel.begin(TEXT, TEXT + content.length, TEXT, TEXT + content.length);
        expect(run(how)).toEqual(how.isLocated ? wanted : withoutLines(wanted));
      }),
      RUNS,
    );
  });

  it("searches the lines that begin in a range, and no others", () => {
    fc.assert(
      fc.property(regex, longText, fc.nat(), fc.nat(), runs, (pattern, content, one, other, how) => {
        const automaton = automatonOf(pattern);
        if (automaton === undefined || content.length === 0) return;
        place(automaton, content);
        const [low, until] = [one % content.length, other % (content.length + 1)].toSorted((a, b) => a - b);
        const first = low === 0 ? 0 : content.indexOf(LINE_FEED, low! - 1) + 1;
        if (first === 0 && low !== 0) return;
        const wanted = expected(automaton, content, first, until!);
        kernel.begin(TEXT, TEXT + content.length, TEXT + first, TEXT + until!);
        expect(run(how)).toEqual(how.isLocated ? wanted : withoutLines(wanted));
      }),
      RUNS,
    );
  });

  it("searches the lines that have a candidate, and no others", () => {
    fc.assert(
      fc.property(regex, longText, fc.array(fc.nat()), runs, (pattern, content, places, how) => {
        const automaton = automatonOf(pattern);
        if (automaton === undefined || content.length === 0) return;
        place(automaton, content);
        // The padding's line feed is a place of a last line without one; behind a final line feed it is of none.
        const candidates = places.map((it) => it % (content.length + 1)).toSorted((a, b) => a - b);
        const lines = new Set(
          candidates.map((it) => (it === 0 ? 0 : content.lastIndexOf(LINE_FEED, it - 1) + 1)),
        );
        const list = OUT + (1 << 19);
        for (const [index, it] of candidates.entries()) words[list / 4 + 2 * index] = TEXT + it;
        const wanted = expected(automaton, content, 0, content.length, lines);
        kernel.begin(TEXT, TEXT + content.length, TEXT, TEXT + content.length, list, candidates.length);
        expect(run(how)).toEqual(how.isLocated ? wanted : withoutLines(wanted));
      }),
      RUNS,
    );
  });

  it("begins behind a byte order mark, which is no part of the first line", () => {
    const automaton = automatonOf(String.raw`^\w+|\w$`)!;
    const content = Buffer.from("\u{feff}one two\nthree");
    place(automaton, content);
    kernel.begin(TEXT, TEXT + content.length, TEXT + 3, TEXT + content.length);
    expect(run({ capacity: 100, budget: 1000, isLocated: true }).matches).toEqual([
      [3, 3, 1, 1],
      [9, 1, 1, 7],
      [11, 5, 2, 1],
    ]);
  });
});
