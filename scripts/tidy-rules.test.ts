/** The tidy check is held against a made-up package with one breach of each kind. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
// @ts-expect-error: the checks are plain JavaScript, so that they run before anything is built.
import { compare, measure, shrink } from "./tidy-rules.mjs";

type Counts = Record<string, Record<string, number>>;

const root = mkdtempSync(path.join(tmpdir(), "everwarp-tidy-"));
afterAll(() => rmSync(root, { recursive: true }));

let packages = 0;
function count(files: Record<string, string>): Counts {
  const folder = path.join(root, String(packages++));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  const found: Record<string, Record<string, { count: number }>> = measure(folder);
  return Object.fromEntries(
    Object.entries(found).map(([rule, keys]) => [
      rule,
      Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, value.count])),
    ]),
  );
}

const nothing: Counts = {
  "lines of a file": {},
  "lines of a function": {},
  "exports without docstring": {},
  "wide lines": {},
};
const lines = (number: number) => "let a;\n".repeat(number);

describe("what is counted", () => {
  it("is nothing where nothing is over its limit", () => {
    const files = {
      "src/a.ts": `/** Does. */\nexport function a() {\n${lines(58)}}\n`,
      "src/b.ts": lines(400),
      "src/c.ts": "/** One. */\nexport const one = 1;\nconst two = 2;\n/** Two. */\nexport type Two = 2;\n",
      "src/e.ts": `// ${"word ".repeat(23)}\n`,
      "src/d.ts": 'export * from "./c.ts";\nexport { one } from "./c.ts";\n',
    };
    expect(count(files)).toEqual(nothing);
  });

  it("is the length of files, tests and kernels included", () => {
    const files = { "src/a.ts": lines(401), "test/b.test.ts": lines(402), "src/kernels/c.comp": lines(403) };
    expect(count(files)).toEqual({
      ...nothing,
      "lines of a file": { "src/a.ts": 401, "test/b.test.ts": 402, "src/kernels/c.comp": 403 },
    });
  });

  it("is the length of functions, by their names", () => {
    const text = `
      /** A. */
      export class A { #b() {\n${lines(59)}} static c = () => {\n${lines(60)}}; }
      function d() {\n${lines(10)}const e = { f() {\n${lines(59)}} };\n}
      d(() => {\n${lines(59)}});
      d(() => {\n${lines(60)}});
      function short() {\n${lines(58)}}`;
    expect(count({ "src/a.ts": text, "src/a.test.ts": `it("", () => {\n${lines(100)}});` })).toEqual({
      ...nothing,
      "lines of a function": {
        "src/a.ts#A.b": 61,
        "src/a.ts#A.c": 62,
        "src/a.ts#d": 73,
        "src/a.ts#d.e.f": 61,
        "src/a.ts#callback": 61,
        "src/a.ts#callback:2": 62,
      },
    });
  });

  it("is the exports that have no docstring of their own", () => {
    const text = `/** The file. */
      export const a = 1, b = 2;
      // A comment.
      export function c() {}
      /* Not a docstring. */
      export class D {}
      export interface E {}
      export type F = 1;
      export default () => 1;
      const g = 1; export { g };
      /** H. */ const h = 1; export { h };
      /** First of two. */ export function i(a: 1): 1;
      export function i(a: 2): 2;
      export function i(a: number) { return a; }`;
    const bare = { "src/a.ts": text.replace("/** The file. */", "/** The file. */ const z = 1;") };
    expect(count(bare)["exports without docstring"]).toEqual({ "src/a.ts": 8 });
    const elsewhere = { "test/support/a.ts": text, "src/a.test.ts": text, "src/generated/a.ts": text };
    expect(count(elsewhere)).toEqual(nothing);
  });

  it("is wide lines, apart from tables, long words and what is generated", () => {
    const wide = `${"word ".repeat(24)}x`;
    const files = {
      "src/a.ts": `// ${wide}\nconst a = 1; // ${wide}\n`,
      "src/b.ts": `// https://example.org/${"x".repeat(120)}\n// ${"é".repeat(2)} ${"ab ".repeat(38)}\n`,
      "docs/c.md": `${wide}\n| ${wide} |\n`,
      "src/generated/d.ts": `// ${wide}\n`,
    };
    expect(count(files)).toEqual({ ...nothing, "wide lines": { "src/a.ts": 2, "docs/c.md": 1 } });
  });
});

describe("exceptions", () => {
  const found = { ...nothing, "wide lines": { "src/a.ts": { count: 3, where: "lines 1, 2, 3" } } };
  const update = "run node scripts/check-tidy.mjs --update";

  it.each([
    ["are missed", {}, ["src/a.ts: 3 wide lines, 0 allowed (lines 1, 2, 3)"]],
    ["allow no more than they say", { "src/a.ts": 2 }, ["src/a.ts: 3 wide lines, 2 allowed (lines 1, 2, 3)"]],
    ["allow what they say", { "src/a.ts": 3 }, []],
    [
      "are no larger than they must be",
      { "src/a.ts": 4 },
      [`src/a.ts: 4 wide lines are allowed, and it has 3: ${update}`],
    ],
    [
      "go when they are not needed",
      { "src/a.ts": 3, "src/b.ts": 1 },
      [`src/b.ts: 1 wide lines are allowed, and it needs no exception any more: ${update}`],
    ],
  ])("%s", (_, list, problems) => {
    expect(compare(found, { "wide lines": list })).toEqual(problems);
  });

  it("shrink, also where a file has moved", () => {
    const before = { ...nothing, "wide lines": { "src/old.ts": 4 } };
    expect(shrink(found, before)).toEqual({
      lists: { ...nothing, "wide lines": { "src/a.ts": 3 } },
      refusals: [],
    });
  });

  it("do not grow", () => {
    const before = { ...nothing, "wide lines": { "src/a.ts": 2 } };
    const { "wide lines": _, ...others } = nothing;
    expect(shrink(found, before)).toEqual({
      lists: others,
      refusals: ["wide lines: exceptions may only shrink, and they would grow from 2 to 3 over the limit"],
    });
  });
});
