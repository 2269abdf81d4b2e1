/** The reader of ripgrep's output sees every hit, however the output is cut into pieces. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { HitReader, ripgrepArguments } from "./ripgrep.ts";

const OUTPUT = Buffer.from(
  "a/1.txt\0" +
    "1:1:0:\n" + // an empty hit
    "1:5:4:a:b\n" +
    "12:3:4294967299:e\r\n" +
    '1/x: WARNING: stopped searching binary file after match (found "\\0" byte around offset 34)\n' +
    "\n" +
    "b c\0" +
    "7:1:90:7:1:90:\n",
);

/** What a reader says of the output in these pieces. */
function read(pieces: readonly Buffer[]): string[] {
  const said: string[] = [];
  const reader = new HitReader({
    file: (path) => void said.push(path),
    hit: (...numbers) => void said.push(numbers.join(" ")),
  });
  for (const piece of pieces) reader.read(piece);
  return said;
}

const SAID = ["a/1.txt", "1 1 0 0", "1 5 4 3", "12 3 4294967299 2", "b c", "7 1 90 7"];

test("every hit is read, with its length", () => {
  expect(read([OUTPUT])).toEqual(SAID);
});

test("wherever the output is cut", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(OUTPUT.length), { maxLength: 40 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), OUTPUT.length];
      expect(read(at.slice(1).map((end, index) => OUTPUT.subarray(at[index], end)))).toEqual(SAID);
    }),
  );
});

test("flags and patterns of a query become arguments", () => {
  const query = { pattern: ["-a", "b"], ignoreCase: true, isWord: true };
  expect(ripgrepArguments(query, "tree", ["--count"])).toEqual([
    "--no-config",
    "--count",
    "--ignore-case",
    "--fixed-strings",
    "--word-regexp",
    "--regexp",
    "-a",
    "--regexp",
    "b",
    "tree",
  ]);
});
