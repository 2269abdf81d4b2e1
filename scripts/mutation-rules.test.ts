/** Which changes the mutation tool makes, and which it does not. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
// @ts-expect-error: the tools are plain JavaScript, so that they run before anything is built.
import { listMutations } from "./mutation-rules.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "everwarp-mutations-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The text with each change made alone. */
function change(text: string): string[] {
  const file = path.join(folder, "a.ts");
  writeFileSync(file, text);
  const mutations: { start: number; end: number; text: string }[] = listMutations(file);
  return mutations.map((one) => text.slice(0, one.start) + one.text + text.slice(one.end));
}

it.each([
  ["a <= b;", ["a < b;"]],
  ["a === b;", ["a !== b;"]],
  ["a + b;", ["a - b;"]],
  ['a + "text";', []],
  ["a && b;", ["a || b;"]],
  ["a ?? b;", ["a;"]],
  ["a += b;", ["a -= b;"]],
  ["a++;", ["a--;"]],
  ["!a;", [" a;"]],
  ["if (a) b();", ["if (true) b();", "if (false) b();", "if (a) ;"]],
  ["while (a) { }", ["while (false) { }"]],
  ["x = a ? b : c;", ["x = true ? b : c;", "x = false ? b : c;"]],
  ["x = 5;", ["x = (5 + 1);"]],
  ["x = 5n;", ["x = (5n + 1n);"]],
  ["x = true;", ["x = false;"]],
  ["function f() { return a; }", ["function f() { return undefined; }"]],
  ["await f();", [";"]],
])("changes %s", (text, changed) => {
  expect(change(text)).toEqual(changed);
});

it.each([
  "type A = 5 | true;",
  "let a: 5;",
  "interface A { b: 5 }",
  "throw new TypeError(`${5}`);",
  "x = new EverwarpError(5);",
  "x = { 5: a };",
  'import "a";',
])("leaves alone %s", (text) => {
  expect(change(text)).toEqual([]);
});

it("changes values beside types", () => {
  expect(change("x = 5 as number;")).toEqual(["x = (5 + 1) as number;"]);
});
