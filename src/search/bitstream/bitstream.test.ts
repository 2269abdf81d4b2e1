/** Filters: no line with a match is missed, and the modules do what the reference does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { regex, text } from "../../../test/support/regex-cases.ts";
import { WebAssemblyRuntime } from "../../threads/index.ts";
import type { ByteFilter, FilterStep, Matcher } from "../contracts.ts";
import { createMatcher, syntaxOf } from "../matcher/index.ts";
import { filterBits } from "../reference/index.ts";
import { reserveSharedMemory } from "../scanner/index.ts";
import { compileFilter, FILTER_EXPORT, filterModule } from "./index.ts";

const RUNS = propertyRuns(120);
const LINE_FEED = 10;
const TEXT = 1 << 20;
const OUT = 4096;
const memory = reserveSharedMemory(2 << 20);
const bytes = new Uint8Array(memory.buffer);
const words = new Uint32Array(memory.buffer);

function filterOf(pattern: string): { matcher: Matcher; filter: ByteFilter | undefined } | undefined {
  let matcher: Matcher;
  try {
    matcher = createMatcher({ patterns: [pattern], allowNul: true });
  } catch {
    return undefined;
  }
  const syntax = syntaxOf(matcher);
  return { matcher, filter: syntax && compileFilter(syntax) };
}

/** Start and end of each line; the end is where its line feed lies, or would. */
function linesOf(content: Uint8Array): [start: number, end: number][] {
  const lines: [number, number][] = [];
  for (let start = 0; start < content.length;) {
    const feed = content.indexOf(LINE_FEED, start);
    lines.push([start, feed < 0 ? content.length : feed]);
    start = lines.at(-1)![1] + 1;
  }
  return lines;
}

/** Puts a text into the memory, with a line feed behind it. @returns how many places it has */
function place(content: Uint8Array): number {
  bytes.fill(0x61, TEXT - 64, TEXT + content.length + 128);
  bytes.set(content, TEXT);
  bytes[TEXT + content.length] = LINE_FEED;
  return content.length + 1;
}

/** The places that a module finds. */
function candidates(filter: ByteFilter, length: number, limit = 10_000): number[] {
  const module = new WebAssemblyRuntime.Module(filterModule(filter));
  const { exports } = new WebAssemblyRuntime.Instance(module, { env: { memory } });
  const find = (exports as Record<string, (...words: number[]) => number>)[FILTER_EXPORT]!;
  const count = find(TEXT, TEXT + length, OUT, limit);
  return Array.from({ length: count }, (_, index) => words[OUT / 4 + 2 * index]! - TEXT);
}

/** Indexes of the lines in which places lie. */
const linesWith = (lines: readonly [number, number][], has: (place: number) => boolean): number[] =>
  lines.flatMap(([start, end], index) => {
    for (let at = start; at <= end; at++) if (has(at)) return [index];
    return [];
  });

const step = (count: number): fc.Arbitrary<FilterStep> => {
  const operand = fc.nat(count - 1);
  return fc.oneof(
    fc.record({ kind: fc.constantFrom("and", "or", "xor"), left: operand, right: operand }),
    fc.record({
      kind: fc.constant("advance"),
      of: operand,
      by: fc.integer({ min: 1, max: 63 }),
      first: fc.constant(0),
    }),
    fc.record({ kind: fc.constant("advance"), of: operand, by: fc.constant(1), first: fc.constant(1) }),
    fc.record({ kind: fc.constant("star"), of: operand, set: fc.nat(1) }),
  ) as fc.Arbitrary<FilterStep>;
};
const byteSet = fc.oneof(
  fc.array(fc.tuple(fc.nat(255), fc.nat(60)), { minLength: 1, maxLength: 6 }).map((ranges) => {
    const set = new Uint8Array(256);
    for (const [low, size] of ranges) set.fill(1, low, low + size);
    return set;
  }),
  fc
    .constantFrom("\\w", "[a-z]", "[a-zA-Z]", "[A-F0-9]", "[^a]", "\\s", "[\\x80-\\xff]", "x", "[gG]")
    .map((of) =>
      Uint8Array.from({ length: 256 }, (_, byte) => (new RegExp(of).test(String.fromCharCode(byte)) ? 1 : 0)),
    ),
);
const anyFilter = fc.tuple(byteSet, byteSet, fc.integer({ min: 1, max: 12 })).chain(([one, other, count]) =>
  fc.tuple(...Array.from({ length: count }, (_, index) => step(index + 2))).map((steps): ByteFilter => ({
    sets: [one, other],
    steps: [{ kind: "set", set: 0 }, { kind: "set", set: 1 }, ...steps],
    result: steps.length + 1,
    seesLineStart: false,
  })),
);
const anyText = fc
  .array(fc.oneof(fc.constantFrom(...Buffer.from("aaabbxyzXYZ019_ \n\n\r")), fc.nat(255)), { maxLength: 400 })
  .map((it) => Uint8Array.from(it));

describe("a filter", () => {
  it("has a place in every line that matches", () => {
    fc.assert(
      fc.property(regex, text, (pattern, content) => {
        const { matcher, filter } = filterOf(pattern) ?? {};
        if (matcher === undefined || filter === undefined) return;
        const padded = Buffer.concat([content, Buffer.from("\n")]);
        const bits = filterBits(filter, padded, 0, padded.length);
        const lines = linesOf(content);
        const found = new Set(linesWith(lines, (at) => bits[at] === true));
        for (const [index, [start, end]] of lines.entries())
          if (matcher.findInLine(content, start, end, start)) expect(found).toContain(index);
      }),
      RUNS,
    );
  });

  it.each([
    ["[0-9]{6,}", "12345\n123456\n1234567\na 12 345678 b\n", [1, 2, 3]],
    ["[A-Z]{3,}_[A-Z]{3,}", "AB_ABC\nABC_AB\nABC_ABC\nxABCD_ABCDx\n", [2, 3]],
    [String.raw`\bint\b`, "print\nint\ninteger\n(int)\n", [1, 3]],
    [String.raw`\s+$`, "a b\na \nb\t \n", [1, 2]],
    ["^$", "a\n\nb\n\n", [1, 3]],
    [String.raw`\w+@\w+\.com`, "a@.com\na@b.com\n@b.com\na@b.cob\n", [1]],
    ["a(bc|de)*f", "af\nabf\nabcdef\nabcx\n", [0, 1, 2]],
    ["colou?r", "color\ncolour\ncolouur\n", [0, 1]],
    ["(?i)warn.{0,5}x", "WARN 12x\nwarn 1234567x\nwar x\n", [0, 1]],
    ["x.y", "xéy\nxaay\nxy\n", [0]],
    [String.raw`\p{Greek}`, "abc\nλ\n", [1]],
  ])("of %s finds no more lines than it must", (pattern, content, wanted) => {
    const { filter } = filterOf(pattern)!;
    const padded = Buffer.from(content);
    const bits = filterBits(filter!, padded, 0, padded.length);
    expect(linesWith(linesOf(padded), (at) => bits[at] === true)).toEqual(wanted);
  });

  it.each(["", "a*", "^", "$", "x?", ".*", String.raw`(a|)`])(
    "of %s, which matches everywhere, is none",
    (pattern) => {
      const { filter } = filterOf(pattern)!;
      if (filter !== undefined) expect(["set", "advance"]).toContain(filter.steps[filter.result]!.kind);
    },
  );

  it("of a large pattern is small or none", () => {
    const words = Array.from({ length: 3000 }, (_, index) => `word${index * 7919}`).join("|");
    for (const pattern of [
      words,
      String.raw`(?:\w{1,50}x){1,50}`,
      String.raw`(a|b)*a(a|b){20}`,
      String.raw`\pL{1000}`,
    ])
      expect(filterOf(pattern)?.filter?.steps.length ?? 0).toBeLessThanOrEqual(120);
  });
});

describe("the module of a filter", () => {
  it("finds the lines that the reference finds", () => {
    fc.assert(
      fc.property(anyFilter, anyText, (filter, content) => {
        const length = place(content);
        const bits = filterBits(filter, bytes, TEXT, TEXT + length);
        const lines = linesOf(bytes.subarray(TEXT, TEXT + length));
        const places = candidates(filter, length);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        for (const at of places) expect(bits[at]).toBe(true);
        const found = new Set(places);
        expect(linesWith(lines, (at) => found.has(at))).toEqual(linesWith(lines, (at) => bits[at] === true));
      }),
      RUNS,
    );
  });

  it("stops at its limit, and looks at nothing behind the end", () => {
    const { filter } = filterOf("b[0-9]")!;
    const length = place(Buffer.from("b1 b2\n".repeat(1000)));
    const all = candidates(filter!, length);
    expect(new Set(all.map((at) => Math.floor(at / 6))).size).toBe(1000);
    const some = candidates(filter!, length, 10);
    expect(some.length).toBeGreaterThanOrEqual(10);
    expect(some.length).toBeLessThan(10 + 64);
    expect(all.slice(0, some.length)).toEqual(some);
    expect(candidates(filter!, 0)).toEqual([]);
    expect(candidates(filter!, 1)).toEqual([]);
    expect(candidates(filter!, 2)).toEqual([1]);
  });
});
