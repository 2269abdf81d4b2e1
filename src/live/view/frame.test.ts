import fc from "fast-check";
import stringWidth from "string-width";
import { expect, it } from "vitest";
import { type GivenLine, liveHits } from "../../../test/support/live-hits.ts";
import { initialState, type LiveEvent, type LiveState, queryOf, reduce } from "../state/index.ts";
import type { StyledLine } from "../text/index.ts";
import { type Frame, frameOf } from "./frame.ts";

const textOf = (line: StyledLine | undefined): string => (line ?? []).map(({ text }) => text).join("");
const drawn = (state: LiveState): Frame => frameOf(state, { keyToFrameMs: 3.14 });
const matchesOf = (line: StyledLine | undefined): string[] =>
  (line ?? []).filter(({ style }) => style.endsWith("match")).map(({ text }) => text);

function shown(
  given: readonly GivenLine[],
  size = { columns: 80, rows: 24 },
  isTruncated = false,
): LiveState {
  const state = initialState({ size, pattern: "x" });
  const hits = liveHits(given, isTruncated);
  const query = queryOf(state);
  if (query === undefined) throw new Error("there is no query");
  return reduce(state, { kind: "answered", query, hits });
}

const happen = (state: LiveState, event: LiveEvent): LiveState => reduce(state, event);

it("has a row for everything at 80 × 24", () => {
  const state = shown([
    {
      path: "src/a.ts",
      line: 12,
      text: "let x = x;",
      matches: [
        [4, 5],
        [8, 9],
      ],
    },
    { path: "src/b.ts", line: 345, text: "  x", matches: [[2, 3]] },
  ]);
  const { lines, cursor } = drawn(state);
  expect(lines).toHaveLength(24);
  expect(cursor).toEqual({ row: 0, column: 3 });
  const texts = lines.map((line) => textOf(line).trimEnd());
  expect(texts[0]).toBe("> x");
  expect(texts[1]).toMatch(/^case:smart {2}\[ \]word {2}\[x\]regex {2}\[ \]hidden {2}globs: +F1 keys$/);
  expect(texts.slice(2, 6)).toEqual(["src/a.ts", "▌  12: let x = x;", "src/b.ts", "  345: x"]);
  expect(matchesOf(lines[3])).toEqual(["x", "x"]);
  expect(texts.find((text) => text.startsWith("─ src/a.ts:12 ─"))).toBeDefined();
  expect(texts[23]).toBe("3 hits in 2 files · engine 41 µs · frame 3.1 ms");
});

it("tells an error, and keeps the hits", () => {
  const found = shown([{ path: "a", line: 1, text: "x", matches: [[0, 1]] }]);
  const { lines } = drawn(
    happen(found, { kind: "failed", message: "regex parse error:\n  (x\nerror: unclosed group" }),
  );
  expect(textOf(lines[2])).toBe("a");
  expect(textOf(lines[23])).toMatch(/^error: unclosed group · 1 hit in 1 file · /);
});

it("says that there are more hits than the list has, and how many when they are counted", () => {
  const state = shown(
    [{ path: "a", line: 1, text: "x", matches: [[0, 1]] }],
    { columns: 80, rows: 24 },
    true,
  );
  expect(textOf(drawn(state).lines[23])).toMatch(/^1\+ hits in 1\+ files · /);
  const hits = state.answer?.hits;
  if (hits === undefined) throw new Error("there is no answer");
  const counted = happen(state, { kind: "counted", hits, total: 1234567 });
  expect(textOf(drawn(counted).lines[23])).toMatch(/^1,234,567 hits in 1\+ files · /);
});

it("escapes what a file has, and shows bytes that are not UTF-8 as U+FFFD", () => {
  const text = Buffer.concat([Buffer.from("\x1b]0;title\x07\t"), Buffer.of(0xff, 0xc3), Buffer.from("x")]);
  const { lines } = drawn(shown([{ path: "a\x1b[2J", line: 1, text, matches: [[13, 14]] }]));
  expect(textOf(lines[2])).toBe("a^[[2J");
  expect(textOf(lines[3]).trimEnd()).toMatch(/^▌ {3}1: \^\[\]0;title\^G +\ufffd\ufffdx$/);
  expect(matchesOf(lines[3])).toEqual(["x"]);
});

it("cuts a long line around its match", () => {
  const text = `${"a".repeat(500)}needle${"b".repeat(500)}`;
  const { lines } = drawn(shown([{ path: "a", line: 1, text, matches: [[500, 506]] }]));
  const line = textOf(lines[3]);
  expect(line).toMatch(/^▌ {3}1: …a+needleb+…$/);
  expect(stringWidth(line)).toBe(80);
  expect(matchesOf(lines[3])).toEqual(["needle"]);
});

it("cuts no more than it must", () => {
  const text = `${"a".repeat(100)}x tail`;
  const { lines } = drawn(shown([{ path: "a", line: 1, text, matches: [[100, 101]] }]));
  // 80 columns: 7 for the mark and the number, one for the cut, 6 for the rest.
  expect(textOf(lines[3])).toBe(`▌   1: …${"a".repeat(66)}x tail`);
});

it("says that a terminal is too small, and nothing else", () => {
  const { lines, cursor } = drawn(shown([], { columns: 18, rows: 4 }));
  expect(lines.map(textOf).join("")).toBe("too small: 18×4, at least 20×5");
  expect(cursor).toBeUndefined();
  expect(textOf(drawn(shown([], { columns: 20, rows: 5 })).lines[0])).toBe("> x");
});

it("keeps the cursor of a long pattern on the screen", () => {
  const size = { columns: 20, rows: 8 };
  for (const pattern of ["漢".repeat(200), "a".repeat(200), "\t".repeat(50)]) {
    const { cursor, lines } = drawn(initialState({ size, pattern }));
    expect(cursor?.column).toBeLessThan(20);
    expect(stringWidth(textOf(lines[0]))).toBe(cursor?.column);
  }
});

it("fits every screen, whatever is on it", () => {
  const line = fc.record({
    path: fc.string({ unit: "binary", minLength: 1 }),
    line: fc.integer({ min: 1, max: 1e7 }),
    text: fc.uint8Array({ maxLength: 300 }),
    matches: fc.constant([[0, 1]] as [number, number][]),
  });
  const size = fc.record({
    columns: fc.integer({ min: 1, max: 120 }),
    rows: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), size, fc.boolean(), (given, screen, isHelp) => {
      const { lines } = drawn({ ...shown(given, screen), isHelp });
      expect(lines).toHaveLength(screen.rows);
      for (const each of lines) {
        const widths = each.map(({ text }) => stringWidth(text));
        expect(widths.reduce((sum, width) => sum + width, 0)).toBeLessThanOrEqual(screen.columns);
        expect(textOf(each)).not.toMatch(/\p{Cc}/u);
      }
    }),
  );
});
