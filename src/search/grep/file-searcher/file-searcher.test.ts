/** Every way through a file gives the same lines; which way is taken must not show. */
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { createMatcher, type MatcherOptions } from "../../matcher/create-matcher.ts";
import { ByteWriter } from "../printer/byte-writer.ts";
import { DEFAULT_PRINTER_OPTIONS, type PrinterOptions } from "../printer/options.ts";
import type { CandidateList } from "../../searcher/candidates.ts";
import { createFileSearcher, type FileSearcher } from "./file-searcher.ts";
import { readDescriptor } from "../../content/reader.ts";
import { DEFAULT_SEARCHER_OPTIONS, type SearcherOptions } from "../../searcher/options.ts";

const directory = mkdtempSync(join(tmpdir(), "everwarp-file-search-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function searcher(
  pattern: string,
  search: Partial<SearcherOptions> = {},
  print: Partial<PrinterOptions> = {},
): FileSearcher {
  const matcher: MatcherOptions = { patterns: [pattern] };
  const args = {
    matcher,
    searcher: { ...DEFAULT_SEARCHER_OPTIONS, lineNumber: true, ...search },
    printer: { ...DEFAULT_PRINTER_OPTIONS, byteOffset: true, ...print },
  };
  return createFileSearcher(args, createMatcher(matcher));
}

const file = { path: "f", explicit: true };

function printed(of: FileSearcher, bytes: Buffer, hits?: CandidateList): string {
  const output = new ByteWriter();
  of.searchBytes(file, bytes, output, hits);
  return output.written().toString("latin1");
}

/** Lines by the plainest means: for text without NUL or marks, and a literal. */
function naive(text: string, word: string, before: number, after: number, invert: boolean): string {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const hit = lines.map((line) => line.includes(word) !== invert);
  let output = "";
  let offset = 0;
  let last = -1;
  lines.forEach((line, index) => {
    const shown =
      hit[index] ||
      hit.slice(Math.max(0, index - after), index).includes(true) ||
      hit.slice(index + 1, index + 1 + before).includes(true);
    if (shown) {
      if (last !== -1 && last < index - 1 && before + after > 0) output += "--\n";
      const separator = hit[index] ? ":" : "-";
      output += `f${separator}${index + 1}${separator}${offset}${separator}${line}\n`;
      last = index;
    }
    offset += line.length + 1;
  });
  return output;
}

const text = fc
  .array(fc.constantFrom("ab", "a", "b", "c", "\n", "\n", " ", "xab", "abab"), { maxLength: 120 })
  .map((words) => words.join(""));
const context = fc.nat(3);

describe("a file in memory", () => {
  it("gives the lines that the plainest search gives", () => {
    fc.assert(
      fc.property(
        text,
        context,
        context,
        fc.boolean(),
        (content, beforeContext, afterContext, invertMatch) => {
          const found = printed(
            searcher("ab", { beforeContext, afterContext, invertMatch }),
            Buffer.from(content),
          );
          expect(found).toBe(naive(content, "ab", beforeContext, afterContext, invertMatch));
        },
      ),
      { numRuns: 400 },
    );
  });

  it("gives the same from a list of hits as from a scan, exact or to be verified", () => {
    fc.assert(
      fc.property(
        text,
        context,
        fc.boolean(),
        fc.boolean(),
        fc.nat(5),
        (content, lines, invertMatch, exact, padding) => {
          const bytes = Buffer.from(content);
          const offsets = Array.from({ length: padding }, () => 1e9); // another file's
          for (let at = bytes.indexOf("ab"); at !== -1; at = bytes.indexOf("ab", at + 1)) offsets.push(at);
          const hits = {
            offsets: Float64Array.from([...offsets, 5]),
            from: padding,
            to: offsets.length,
            exact,
          };
          const options = { beforeContext: lines, afterContext: lines, invertMatch };
          expect(printed(searcher("ab", options), bytes, hits)).toBe(printed(searcher("ab", options), bytes));
        },
      ),
      { numRuns: 400 },
    );
  });

  it("verifies hits that are not exact, and trusts those that are", () => {
    const bytes = Buffer.from("ab\nno\nab\n");
    const hits = { offsets: [0, 3, 6], from: 0, to: 3 };
    expect(printed(searcher("ab"), bytes, { ...hits, exact: false })).toBe("f:1:0:ab\nf:3:6:ab\n");
    expect(printed(searcher("ab"), bytes, { ...hits, exact: true })).toBe("f:1:0:ab\nf:2:3:no\nf:3:6:ab\n");
    expect(printed(searcher("ab"), bytes, { offsets: [0], from: 1, to: 1, exact: true })).toBe("");
  });

  it("counts hits in a file with a byte-order mark from the file's first byte", () => {
    const bytes = Buffer.from("\ufeffno\nab\n");
    expect(
      printed(searcher("ab"), bytes, { offsets: [bytes.indexOf("ab")], from: 0, to: 1, exact: true }),
    ).toBe("f:2:3:ab\n");
  });

  it("does not change the bytes it is given", () => {
    const bytes = Buffer.from("ab\0c\nab\n");
    const before = Buffer.from(bytes);
    printed(searcher("ab"), bytes);
    printed(searcher("ab", { asOnePiece: true }), bytes);
    expect(bytes).toEqual(before);
  });
});

describe("a file that is too large for memory", () => {
  it("gives through a window what it gives in one piece", () => {
    const path = join(directory, "windowed");
    fc.assert(
      fc.property(
        text,
        context,
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (content, lines, invertMatch, windowBytes, asOnePiece) => {
          writeFileSync(path, content);
          const options = { beforeContext: lines, afterContext: lines, invertMatch, asOnePiece };
          const output = new ByteWriter();
          const windowed = searcher("ab", { ...options, windowBytes }, { stats: true });
          windowed.search({ path, explicit: true }, output);
          const whole = new ByteWriter();
          const inOnePiece = searcher("ab", options, { stats: true });
          inOnePiece.search({ path, explicit: true }, whole);
          expect(output.written().toString()).toBe(whole.written().toString());
          expect({ ...windowed.stats, elapsedNs: 0 }).toEqual({ ...inOnePiece.stats, elapsedNs: 0 });
        },
      ),
      { numRuns: 200 },
    );
  });

  it("keeps line numbers, offsets and contexts over many windows", () => {
    const path = join(directory, "long");
    const content = Array.from({ length: 60_000 }, (_, i) =>
      i % 7919 === 0 ? `line ${i} ab` : `line ${i}`,
    ).join("\n");
    writeFileSync(path, content);
    for (const asOnePiece of [false, true]) {
      const output = new ByteWriter();
      searcher(
        "ab",
        { windowBytes: 1000, beforeContext: 2, afterContext: 1, asOnePiece },
        { withFilename: true },
      ).search({ path, explicit: true }, output);
      expect(output.written().toString().replaceAll(path, "f")).toBe(naive(content, "ab", 2, 1, false));
    }
  });
});

describe("a file that cannot be searched", () => {
  it("is an error of that file only, in the system's words", () => {
    const of = searcher("ab");
    const output = new ByteWriter();
    expect({ ...of.search({ path: join(directory, "missing"), explicit: true }, output) }).toEqual({
      matched: false,
      count: 0,
      wantsSeparator: false,
      error: "No such file or directory (os error 2)",
    });
    expect(of.search({ path: directory, explicit: true }, output).error).toBe("Is a directory (os error 21)");
    writeFileSync(join(directory, "good"), "ab\n");
    expect(of.search({ path: join(directory, "good"), explicit: true }, output)).toMatchObject({
      matched: true,
      error: undefined,
    });
  });
});

it("reads no more in one call than a signal may wait for", () => {
  const path = join(directory, "sparse");
  writeFileSync(path, "");
  truncateSync(path, 64 << 20);
  const descriptor = openSync(path, "r");
  const count = readDescriptor(descriptor, Buffer.alloc(64 << 20), 0, 64 << 20);
  closeSync(descriptor);
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThanOrEqual(16 << 20);
});
