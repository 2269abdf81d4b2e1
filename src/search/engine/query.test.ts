import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import type { Plan } from "../contracts.ts";
import { createLiteralScanner } from "../scanner/literal-scanner.ts";
import { createMatcher, exceptionLiterals } from "../matcher/index.ts";
import { prepareQuery, type Query, QueryCache } from "./query.ts";

const letters = ["a", "K", "s", "T", "1", " ", "_", "-", "#", "&", "~", "]", "}", ".", "é", "ſ"];
const text = fc.oneof(
  fc.string({
    unit: fc.constantFrom(...letters),
    maxLength: 8,
  }),
  fc.string({ maxLength: 6 }),
);
const query: fc.Arbitrary<Query> = fc.record(
  {
    pattern: text,
    fixedStrings: fc.boolean(),
    ignoreCase: fc.boolean(),
    smartCase: fc.boolean(),
    wordRegexp: fc.boolean(),
  },
  { requiredKeys: ["pattern"] },
);

/** A plan with its exceptions in a fixed order, or the error. An automaton is told by the literals that it requires. */
function outcome(make: () => Plan): unknown {
  try {
    const plan = make();
    if (plan.kind === "automaton") return plan.required;
    if (plan.kind === "whole") return [];
    if (plan.kind === "filter") return [...plan.literals, ...exceptionLiterals(plan.foldExceptions)];
    if (plan.kind === "nothing" || plan.kind === "lines") return plan;
    return { ...plan, foldExceptions: plan.foldExceptions.toSorted((a, b) => a.length - b.length) };
  } catch (error) {
    return String(error);
  }
}

it("plans plain text without a matcher as the matcher plans it", () => {
  fc.assert(
    fc.property(query, (asked) => {
      const planned = outcome(() => prepareQuery(asked).plan);
      const matched = outcome(
        () =>
          createMatcher({
            patterns: [asked.pattern as string],
            fixedStrings: asked.fixedStrings === true,
            caseMode:
              asked.ignoreCase === true ? "insensitive" : asked.smartCase === true ? "smart" : "sensitive",
            wordRegexp: asked.wordRegexp === true,
            createScanner: createLiteralScanner,
          }).plan,
      );
      expect(planned).toEqual(matched);
    }),
    propertyRuns(500),
  );
});

it("knows whether occurrences can overlap", () => {
  const mayOverlap = (pattern: string | string[], ignoreCase = false): boolean =>
    prepareQuery({ pattern, ignoreCase }).prepared.mayOverlap;
  for (const pattern of ["aa", "aba", "abcab", ["ab", "bc"], ["abc", "b"], ["x", "yxz"]])
    expect(mayOverlap(pattern), String(pattern)).toBe(true);
  for (const pattern of ["a", "ab", "abcd", ["ab", "cd"], "aA", ["aB", "bc"]])
    expect(mayOverlap(pattern), String(pattern)).toBe(false);
  expect(mayOverlap("aA", true)).toBe(true);
});

describe("the cache", () => {
  it("keeps queries by what they ask", () => {
    const cache = new QueryCache();
    const kept = cache.prepare({ pattern: "a" });
    expect(cache.prepare({ pattern: "a", maxHits: 3, fixedStrings: false })).toBe(kept);
    for (const other of [
      { pattern: ["a"] },
      { pattern: "a", ignoreCase: true },
      { pattern: "a", smartCase: true },
      { pattern: "a", fixedStrings: true },
      { pattern: "a", wordRegexp: true },
      { pattern: "a", lineRegexp: true },
      { pattern: "0a" },
    ])
      expect(cache.prepare(other), JSON.stringify(other)).not.toBe(kept);
    expect(cache.prepare({ pattern: ["a", "b"] })).not.toBe(cache.prepare({ pattern: ['a","b'] }));
  });

  it("forgets what was not asked for long, and keeps what is", () => {
    const cache = new QueryCache();
    const once = cache.prepare({ pattern: "once" });
    const often = cache.prepare({ pattern: "often" });
    for (let index = 0; index < 2000; index++) {
      cache.prepare({ pattern: `other ${index}` });
      expect(cache.prepare({ pattern: "often" })).toBe(often);
    }
    expect(cache.prepare({ pattern: "once" })).not.toBe(once);
  });
});
