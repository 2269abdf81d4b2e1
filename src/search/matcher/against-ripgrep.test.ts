/**
 * The matcher against ripgrep's own `--json`: which lines match, and where, for random patterns and random
 * bytes.
 */

import { spawnSync } from "node:child_process";
import { rgPath } from "@vscode/ripgrep";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { piece, regex, text as oneText } from "../../../test/support/regex-cases.ts";
import { maskInvalidBytes } from "./line-haystack.ts";
import { createMatcher, type MatcherOptions } from "./create-matcher.ts";

/** `line:start-end` for every match of every line. */
type Matches = string[];

const RUNS = propertyRuns(80);
/** A process of ripgrep costs more than what it searches, so each gets two texts. */
const text = fc.tuple(oneText, oneText).map((parts) => Buffer.concat(parts));

function flagsOf(options: MatcherOptions): string[] {
  return [
    ...(options.fixedStrings === true ? ["-F"] : []),
    ...(options.caseMode === "insensitive" ? ["-i"] : options.caseMode === "smart" ? ["-S"] : []),
    ...(options.wordRegexp === true ? ["-w"] : []),
    ...(options.lineRegexp === true ? ["-x"] : []),
    ...(options.crlf === true ? ["--crlf"] : []),
    ...options.patterns.map((pattern) => `--regexp=${pattern}`),
  ];
}

function ripgrep(options: MatcherOptions, text: Buffer): { matches: Matches; error: string } {
  const flags = ["--no-config", "--json", "-a", ...flagsOf(options), "-"];
  const run = spawnSync(rgPath, flags, { input: text, maxBuffer: 1 << 28 });
  const matches: Matches = [];
  for (const row of run.stdout.toString("utf8").split("\n")) {
    if (!row.startsWith('{"type":"match"')) continue;
    const { data } = JSON.parse(row) as {
      data: { line_number: number; submatches: { start: number; end: number }[] };
    };
    for (const { start, end } of data.submatches) matches.push(`${data.line_number}:${start}-${end}`);
    if (data.submatches.length === 0) matches.push(`${data.line_number}`);
  }
  return { matches, error: withoutAdvice(run.stderr.toString("utf8").replace(/^rg: /, "").trimEnd()) };
}

/** The way a searcher goes: from candidate to candidate, then match by match. */
function ours(options: MatcherOptions, text: Buffer): { matches: Matches; error: string } {
  const matches: Matches = [];
  let matcher;
  try {
    matcher = createMatcher({ ...options, allowNul: true });
  } catch (error) {
    return { matches, error: withoutAdvice((error as Error).message) };
  }
  let lineNumber = 1;
  for (let lineStart = 0; lineStart < text.length;) {
    const candidate = matcher.findCandidate(text, lineStart, text.length);
    if (candidate < 0) break;
    expect(candidate).toBeGreaterThanOrEqual(lineStart);
    expect(candidate).toBeLessThan(text.length);
    for (let newline = text.indexOf(10, lineStart); newline >= 0 && newline < candidate;) {
      lineStart = newline + 1;
      lineNumber++;
      newline = text.indexOf(10, lineStart);
    }
    const newline = text.indexOf(10, lineStart);
    let lineEnd = newline < 0 ? text.length : newline;
    const next = lineEnd + 1;
    if (options.crlf === true && newline > lineStart && text[newline - 1] === 13) lineEnd--;
    let last = -1;
    let found = false;
    let shown = 0;
    for (let from = lineStart; from <= lineEnd && matcher.findInLine(text, lineStart, lineEnd, from);) {
      found = true;
      const { matchStart, matchEnd } = matcher;
      if (matchStart === matchEnd) {
        from = matchEnd + 1;
        if (matchEnd === last) continue;
      } else from = matchEnd;
      last = matchEnd;
      // ripgrep's printers leave out an empty match behind the last byte of a file without a final newline.
      if (matchStart >= Math.min(next, text.length)) continue;
      shown++;
      matches.push(`${lineNumber}:${matchStart - lineStart}-${matchEnd - lineStart}`);
    }
    if (matcher.candidatesAreExact) expect(found).toBe(true);
    if (found && shown === 0) matches.push(`${lineNumber}`);
    lineStart = next;
    lineNumber++;
  }
  return { matches, error: "" };
}

/**
 * Looking backwards, Rust's engine takes a stray continuation byte for a part of the character before it,
 * even of the line above. So the answer of a Unicode word boundary beside one depends on ripgrep's buffer.
 * Another invalid byte replaces it where that matters.
 */
function withoutStrays(options: MatcherOptions, text: Buffer): Buffer {
  const asksForWords = options.wordRegexp === true || options.patterns.some((p) => /\\b|\\B/.test(p));
  if (!asksForWords) return text;
  const masked = Buffer.from(text);
  maskInvalidBytes(masked);
  return Buffer.from(
    masked.map((byte, i) =>
      byte === 0xff && text[i] !== 0xff && isContinuation(text[i] ?? 0) ? 0xff : (text[i] ?? 0),
    ),
  );
}
const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

function expectSame(options: MatcherOptions, anyText: Buffer): void {
  const text = withoutStrays(options, anyText);
  const [mine, theirs] = [ours(options, text), ripgrep(options, text)];
  // ripgrep decides about a line alone, but looks for the spans inside of its buffer, where "\\A" holds only once.
  if (options.patterns.some((pattern) => pattern.includes("\\A"))) {
    for (const side of [mine, theirs])
      side.matches = [...new Set(side.matches.map((match) => match.replace(/:.*/, "")))];
  }
  expect(mine).toEqual(theirs);
}

const modes = fc.record({
  caseMode: fc.constantFrom("sensitive" as const, "insensitive" as const, "smart" as const),
  wordRegexp: fc.boolean(),
  lineRegexp: fc.boolean(),
});

describe("matches what ripgrep matches", () => {
  test("random plain texts", () => {
    const plain = fc.array(piece, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(""));
    // Also lists that are too long for a backend.
    const many = Array.from({ length: 20 }, (_, i) => `many${i * i}`);
    const lists = fc
      .tuple(fc.array(plain, { minLength: 1, maxLength: 3 }), fc.constantFrom([], [], many))
      .map(([few, more]) => [...few, ...more]);
    fc.assert(
      fc.property(lists, modes, fc.boolean(), text, (patterns, mode, fixedStrings, haystack) =>
        expectSame({ ...mode, patterns, fixedStrings }, haystack),
      ),
      RUNS,
    );
  });

  test("random patterns", () => {
    fc.assert(
      fc.property(fc.array(regex, { minLength: 1, maxLength: 2 }), modes, text, (patterns, mode, haystack) =>
        expectSame({ ...mode, patterns }, haystack),
      ),
      RUNS,
    );
  });

  test("random patterns where lines may end in CR LF", () => {
    const crlfText = text.map((bytes) =>
      Buffer.from(bytes.toString("latin1").replaceAll("\n", "\r\n"), "latin1"),
    );
    // Nothing that matches the empty string: ripgrep finds that between CR and LF too, and then shows nothing there.
    const atLineEnd = fc.constantFrom(
      "foo$",
      ".$",
      "[^a]$",
      "foo",
      String.raw`\s$`,
      String.raw`a\s*$`,
      "^foo$",
      "^.$",
      String.raw`\w+$`,
      "k$|s$",
      "[^k]",
    );
    fc.assert(
      fc.property(
        fc.array(atLineEnd, { minLength: 1, maxLength: 2 }),
        modes,
        fc.oneof(text, crlfText),
        (patterns, mode, haystack) => expectSame({ ...mode, patterns, crlf: true }, haystack),
      ),
      RUNS,
    );
  });

  test.each(["(", "a\\", "[z-a]", "a\\nb", "[\\n]", "a{2", "*", "\\p{Foo}", "(?P<a", "x**", "a\nb"])(
    "and refuses as it does: %j",
    (pattern) => {
      expectSame({ patterns: [pattern] }, Buffer.from("a\n"));
      expectSame(
        { patterns: ["ok", pattern], wordRegexp: true, caseMode: "insensitive" },
        Buffer.from("a\n"),
      );
    },
  );
});

/** ripgrep advises to use --multiline, which is not here. */
function withoutAdvice(message: string): string {
  return message.replace(
    /\n\n(Consider enabling multiline mode|A search looks at one line at a time)[^]*$/,
    "",
  );
}
