/** The engine over bytes against Rust's, whose package replaces matches by what their groups captured. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { requireDependency } from "../../base/index.ts";
import type { Matcher } from "../contracts.ts";
import { type ByteMatcherOptions, createByteMatcher } from "./index.ts";

const { RRegex } = requireDependency("rregex") as {
  RRegex: new (pattern: string) => { replaceAll(text: string, replacement: string): string };
};

const matcherOf = (pattern: string, options: Partial<ByteMatcherOptions> = {}): Matcher =>
  createByteMatcher({ patterns: [pattern], multiline: true, allowNul: true, ...options });

/** The text with every match replaced by what its groups captured. */
function replaced(matcher: Matcher, text: Buffer, groupCount: number): string {
  const parts: Buffer[] = [];
  let written = 0;
  let lastEnd = -1;
  for (let from = 0; from <= text.length && matcher.findInLine(text, 0, text.length, from);) {
    const { matchStart, matchEnd } = matcher;
    from = matchStart === matchEnd ? matchEnd + 1 : matchEnd;
    if (matchStart === matchEnd && matchEnd === lastEnd) continue;
    lastEnd = matchEnd;
    const slots = matcher.groups?.find(text, 0, text.length) ?? new Int32Array(0);
    const groups = Array.from({ length: groupCount + 1 }, (_, group) =>
      (slots[group * 2] ?? -1) < 0 ? "" : text.toString("utf8", slots[group * 2], slots[group * 2 + 1]),
    );
    parts.push(text.subarray(written, matchStart), Buffer.from(`<${groups.join("|")}>`));
    written = matchEnd;
  }
  return Buffer.concat([...parts, text.subarray(written)]).toString();
}

const text = fc.string({
  unit: fc.constantFrom("a", "b", "k", "_", "1", " ", "\n", "\r", "x"),
  maxLength: 24,
});

const leaf = fc.constantFrom(
  ..."a b k _ 1 . x \\w \\W \\s \\S \\d [^a] [ab_] ^ $ \\b \\B \\n".split(" "),
  ..."\\A \\z (?s:.) (?i:K) \\b{start} \\b{end-half}".split(" "),
  "(?R:$)",
  "(?R:^)",
  "[\\s\\S]",
  "\\r?\\n",
);

const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie("pattern"), { minLength: 2, maxLength: 3 }).map((parts) => parts.join("")),
    fc.tuple(tie("pattern"), tie("pattern")).map((parts) => `(?:${parts.join("|")})`),
    tie("pattern").map((part) => `(${part})`),
    fc
      .tuple(
        tie("pattern"),
        fc.constantFrom("*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}?", "{2,}"),
      )
      .map(([part, count]) => `(?:${part})${count}`),
  ),
}));

const groupsOf = (source: string): number => source.match(/\((?!\?)/g)?.length ?? 0;

describe("the engine over bytes", () => {
  it("finds the matches of Rust's engine, and their groups", () => {
    fc.assert(
      fc.property(pattern, text, (source, haystack) => {
        const count = groupsOf(source);
        const names = Array.from({ length: count + 1 }, (_, group) => `\${${group}}`);
        const expected = new RRegex(`(?m:(?:${source}))`).replaceAll(haystack, `<${names.join("|")}>`);
        expect(replaced(matcherOf(source), Buffer.from(haystack), count)).toBe(expected);
      }),
      propertyRuns(150),
    );
  });

  it("finds the same when it must forget its states again and again", () => {
    fc.assert(
      fc.property(pattern, text, (source, haystack) => {
        const bytes = Buffer.from(`é${haystack}日`);
        const few = replaced(matcherOf(source, { maxStatesBytes: 1 }), bytes, 0);
        expect(few).toBe(replaced(matcherOf(source), bytes, 0));
      }),
      propertyRuns(60),
    );
  });

  it("knows groups by number and name", () => {
    const matcher = matcherOf(String.raw`(a)(?P<second>b)(?:\w)([\w-])(?<fourth>\pL)`);
    expect(["second", "fourth", "third", "0"].map((name) => matcher.groups?.indexOf(name))).toEqual([
      2,
      4,
      undefined,
      undefined,
    ]);
    const bytes = Buffer.from("xxab1-é");
    expect(matcher.findInLine(bytes, 0, bytes.length, 0)).toBe(true);
    expect(Array.from(matcher.groups?.find(bytes, 0, bytes.length) ?? [])).toEqual([
      2, 8, 2, 3, 3, 4, 5, 6, 6, 8,
    ]);
  });

  it("says whether a match may have several lines, as ripgrep decides it", () => {
    const across = (source: string, options = {}): boolean | undefined =>
      matcherOf(source, options).acrossLines;
    for (const source of ["\\n", "a\\s", "[^a]", "^a", "a$", "\\Aa", "(?s:.)"])
      expect(across(source)).toBe(true);
    for (const source of ["a", "a.", "\\ba\\b", "[a-z]+"]) expect(across(source)).toBe(false);
    expect(across("a\\s", { multiline: false })).toBe(false);
    expect(across(".", { dotAll: true })).toBe(true);
    expect(across("[^a]", { nullData: true })).toBe(true);
    expect(across("a\\n", { nullData: true })).toBe(false);
  });

  it("refuses what cannot match, and what is too large", () => {
    const refused = (source: string, options: Partial<ByteMatcherOptions>): unknown => {
      try {
        return matcherOf(source, options);
      } catch (error) {
        return error;
      }
    };
    const message = (part: string): unknown =>
      expect.objectContaining({ code: "EW_BAD_PATTERN", message: expect.stringContaining(part) });
    expect(refused("a\\n", { multiline: false })).toEqual(
      message(String.raw`the literal "\n" is not allowed`),
    );
    expect(refused("a\\x00", { multiline: false, nullData: true })).toEqual(
      message(String.raw`the literal "\0"`),
    );
    expect(refused("a\\x00", { allowNul: false })).toEqual(message(String.raw`pattern contains "\0"`));
    expect(refused("a(", {})).toEqual(message("unclosed group"));
    expect(refused("(?-u)\\pL", {})).toEqual(message("Unicode not allowed here"));
    expect(refused("\\w{100}", { maxSizeBytes: 10_000 })).toEqual(message("exceeds size limit of 10000"));
  });
});
