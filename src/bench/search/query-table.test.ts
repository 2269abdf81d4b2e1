/** The table asks what it promises, and its verdicts count rightly. */
import { expect, test } from "vitest";
import { TABLE } from "./query-table.ts";
import { QueryVerdicts } from "./query-verdicts.ts";

const r = String.raw;

/** What the table of issue 12 asks: how it is typed behind `rg`. */
const OF_THE_ISSUE = [
  "import numpy",
  "-i copyright",
  "-w int",
  "-w s",
  "-x pass",
  r`def \w+\(self`,
  r`\bfn\b`,
  "[0-9]{6,}",
  "^$",
  "[A-Z]{3,}_[A-Z]{3,}",
  r`\p{Greek}`,
  r`\s+$`,
  "e",
  r`\w{30,}`,
  "[aeiou]{5}",
  r`\w+@\w+\.com`,
  r`"[^"]*\\n[^"]*"`,
  "if .* else .* for .* in",
  "(?i)warning.{0,20}deprecat",
  r`\bint\b`,
  "def forward",
  "TODO|FIXME|XXX",
];

test("some fifty queries, none twice, with all of the issue's", () => {
  const names = TABLE.map(({ name }) => name);
  expect(names.length).toBeGreaterThanOrEqual(50);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(OF_THE_ISSUE));
});

test("a name says what is asked", () => {
  const named = (name: string): unknown => TABLE.find((query) => query.name === name);
  expect(named("-iw the")).toMatchObject({ pattern: "the", isRegex: false, isWord: true, ignoreCase: true });
  expect(named("-F self.")).toMatchObject({ pattern: "self.", isRegex: false });
  expect(named("^$")).toMatchObject({ pattern: "^$", isRegex: true, isLine: false });
});

test("verdicts count the queries that reach each ratio, and name the slowest", () => {
  const verdicts = new QueryVerdicts();
  for (const [query, ratio] of [
    ["a", 25],
    ["b", 3],
    ["c", 0.9],
    ["d", 0.5],
  ] as const)
    verdicts.add("host", query, ratio);
  verdicts.addFailure("host");
  expect(verdicts.summaries()).toEqual([
    {
      contender: "host",
      facts: {
        queries: 4,
        "at least 0.8 of rg's speed": 3,
        "at least 1× rg's speed": 2,
        "at least 3× rg's speed": 2,
        "at least 20× rg's speed": 1,
        slowest: "0.50",
        "slowest query": "d",
        failed: 1,
      },
    },
  ]);
});
