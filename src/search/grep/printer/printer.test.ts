/** The small parts of printing; whole outputs are compared with ripgrep's in test/cli. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteWriter } from "./byte-writer.ts";
import { endOfCharacters } from "./characters.ts";
import { applyColorSpec, DEFAULT_COLOR_SPECS, isPlain, startSequence } from "./color.ts";
import { namesGroup, parseReplacement } from "./replace.ts";
import { addStats, createStats } from "./stats.ts";

describe("ByteWriter", () => {
  it("keeps everything that is written, however small it began", () => {
    const piece = fc.oneof(
      fc.string({ unit: "grapheme" }).map((text) => ({ text, bytes: Buffer.from(text) })),
      fc.nat(2 ** 31 - 1).map((number) => ({ number, bytes: Buffer.from(String(number)) })),
      fc.uint8Array({ maxLength: 200 }).map((range) => ({ range, bytes: Buffer.from(range) })),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const writer = new ByteWriter(1);
        for (const each of pieces) {
          if ("text" in each) writer.writeText(each.text);
          else if ("number" in each) writer.writeNumber(each.number);
          else writer.write(each.range);
        }
        expect(writer.written()).toEqual(Buffer.concat(pieces.map(({ bytes }) => bytes)));
      }),
    );
  });

  it("writes numbers of every length", () => {
    for (const value of [0, 9, 10, 99, 100, 65_535, 2 ** 31, 2 ** 32, 10 ** 15, Number.MAX_SAFE_INTEGER]) {
      const writer = new ByteWriter(1);
      writer.writeNumber(value);
      expect(writer.written().toString()).toBe(String(value));
    }
  });
});

describe("colours", () => {
  const after = (...texts: string[]): typeof DEFAULT_COLOR_SPECS => {
    const specs = { ...DEFAULT_COLOR_SPECS };
    for (const text of texts) applyColorSpec(specs, text);
    return specs;
  };

  it("are added to the defaults, which stay as they are", () => {
    expect(startSequence(after("match:bg:blue").match)).toBe("\x1b[0m\x1b[1m\x1b[31m\x1b[44m");
    expect(startSequence(after("match:style:nobold", "match:fg:200").match)).toBe("\x1b[0m\x1b[38;5;200m");
    expect(startSequence(after("path:fg:1,0x0a,255").path)).toBe("\x1b[0m\x1b[38;2;1;10;255m");
    expect(isPlain(after("match:none").match)).toBe(true);
    expect(startSequence(DEFAULT_COLOR_SPECS.match)).toBe("\x1b[0m\x1b[1m\x1b[31m");
  });

  it.each([
    "match",
    "match:fg",
    "nothing:fg:red",
    "match:color:red",
    "match:fg:300",
    "match:fg:reddish",
    "match:style:loud",
    "a:b:c:d",
  ])("refuse %s", (text) => {
    expect(() => after(text)).toThrow(expect.objectContaining({ code: "EW_BAD_FLAG_VALUE" }));
  });
});

describe("characters", () => {
  const end = (text: string | Buffer, count: number): number =>
    endOfCharacters(Buffer.from(text), 0, Buffer.from(text).length, count);

  it("are what a reader sees, and broken bytes one each", () => {
    expect(end("abc", 2)).toBe(2);
    expect(end("äbc", 1)).toBe(2);
    expect(end("e\u0301x", 1)).toBe(3);
    expect(end("👨‍👩‍👧x", 1)).toBe(Buffer.byteLength("👨‍👩‍👧"));
    expect(end("ab", 5)).toBe(2);
    expect(end(Buffer.from([0xff, 0xfe, 0x61]), 2)).toBe(2);
    expect(end(Buffer.from([0xe2, 0x82, 0x61]), 1)).toBe(2);
    expect(end(Buffer.from([0xed, 0xa0, 0x80]), 1)).toBe(1);
  });
});

describe("replacements", () => {
  it("are text and groups", () => {
    expect(parseReplacement("a$0-b")).toEqual([{ text: "a" }, { group: "0" }, { text: "-b" }]);
    expect(parseReplacement("${name}$$$1x$")).toEqual([
      { group: "name" },
      { text: "$" },
      { group: "1x" },
      { text: "$" },
    ]);
  });

  it("knows whether it names a group", () => {
    for (const text of ["$1", "${2}", "a $name b", "$0x", "$00$1"]) expect(namesGroup(text)).toBe(true);
    for (const text of ["", "$", "$0", "$00", "$$1", "${1", "$-", "${}"])
      expect(namesGroup(text)).toBe(false);
  });
});

it("sums of two searches are added member by member", () => {
  const total = createStats();
  const part = {
    elapsedNs: 1,
    searches: 2,
    searchesWithMatch: 3,
    bytesSearched: 4,
    bytesPrinted: 5,
    matchedLines: 6,
    matches: 7,
  };
  addStats(total, part);
  addStats(total, part);
  expect(Object.values(total)).toEqual([2, 4, 6, 8, 10, 12, 14]);
});
