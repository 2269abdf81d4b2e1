/** Packed tables, read as the kernel reads them, against the automaton itself. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { automatonOf, theAutomatonOf } from "../../../test/support/match-cases.ts";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { regex, text } from "../../../test/support/regex-cases.ts";
import { CONTEXT, contextOf } from "../automaton/index.ts";
import { lineMatches } from "../reference/index.ts";
import { type PackedTables, packTables } from "./match-tables.ts";
import { MatchTable as T } from "./scan.schema.ts";

const LINE_FEED = 10;
const TABLE_WORDS = 6144;

type Which = "FORWARD" | "REVERSE";

/** Reads packed tables; counts reads beyond shared memory. */
class Reader {
  readonly words: Uint32Array;
  coldReads = 0;
  readonly #halves: Uint16Array;

  constructor({ words }: PackedTables) {
    this.words = words;
    this.#halves = new Uint16Array(words.buffer);
  }

  column(byte: number): number {
    return this.words[T.BYTES + byte] as number;
  }

  entry(which: Which, state: number, column: number): number {
    const { words } = this;
    const hotColumns = words[T.HOT_COLUMNS] as number;
    if (state < (words[T[`${which}_STATES`]] as number) && column < hotColumns)
      return words[(words[T[which]] as number) + state * hotColumns + column] as number;
    this.coldReads++;
    const at = (words[T[`COLD_${which}`]] as number) * 2 + state * (words[T.COLUMNS] as number) + column;
    return this.#halves[at] as number;
  }

  start(which: Which, context: number): number {
    return this.words[T[`${which}_START`] + context] as number;
  }

  /** Does the search table stop somewhere in these lines, each of which ends with a line feed? */
  stops(lines: Uint8Array): "match" | "lost" | "no" {
    const { words } = this;
    const rowOf = (state: number): number =>
      (words[T.SEARCH] as number) + state * (words[T.SEARCH_STRIDE] as number);
    const isSlow = lines.some((byte) => ((words[T.SLOW_BITS] as number) & byte) !== 0);
    let row = rowOf(this.start("FORWARD", CONTEXT.EDGE));
    for (const byte of lines)
      row = words[row + (words[T.IS_DIRECT] === 1 ? byte : this.column(byte))] as number;
    if (isSlow || row === rowOf(T.LOST)) return "lost";
    return row === rowOf(T.QUIT) ? "match" : "no";
  }
}

/** `lineMatches`, on packed tables. */
function packedMatches(reader: Reader, line: Uint8Array): object[] | undefined {
  const context = (at: number): number =>
    at < 0 || at >= line.length ? CONTEXT.EDGE : contextOf(line[at] as number);
  const column = (at: number): number =>
    at < 0 || at >= line.length ? (reader.words[T.EDGE_COLUMN] as number) : reader.column(line[at] as number);
  const matches: object[] = [];
  let lastEnd = -1;
  for (let from = 0; from <= line.length;) {
    let end = -1;
    let entry = reader.start("FORWARD", context(from - 1));
    for (let at = from; at <= line.length && entry !== T.DEAD; at++) {
      entry = reader.entry("FORWARD", entry & T.STATE_MASK, column(at));
      if (entry === T.QUIT) return undefined;
      if ((entry & T.MATCH) !== 0) end = at;
    }
    if (end < 0) break;
    let start = -1;
    entry = reader.start("REVERSE", context(end));
    for (let at = end; at >= from && entry !== T.DEAD; at--) {
      entry = reader.entry("REVERSE", entry & T.STATE_MASK, column(at - 1));
      if (entry === T.QUIT) return undefined;
      if ((entry & T.MATCH) !== 0) start = at;
    }
    const isEmpty = start === end;
    from = isEmpty ? end + 1 : end;
    if (isEmpty && end === lastEnd) continue;
    lastEnd = end;
    matches.push({ start, end });
  }
  return matches;
}

const lines = text.map((bytes) => {
  const split: Uint8Array[] = [];
  for (let start = 0; start <= bytes.length;) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed < 0 ? bytes.length : feed;
    split.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return split;
});

describe("packed tables", () => {
  it("say what the automaton says, however small shared memory is", () => {
    fc.assert(
      fc.property(regex, lines, fc.constantFrom(TABLE_WORDS, 1024, 600), (pattern, split, tableWords) => {
        const automaton = automatonOf(pattern);
        if (automaton === undefined) return;
        const tables = packTables(automaton, tableWords) as PackedTables;
        expect(tables.sharedWords).toBeLessThanOrEqual(tableWords);
        const reader = new Reader(tables);
        for (const line of split) {
          const expected = lineMatches(automaton, line, 0, line.length);
          expect(packedMatches(reader, line)).toEqual(expected);
          const stop = reader.stops(Uint8Array.of(...line, LINE_FEED, LINE_FEED));
          const after = lineMatches(automaton, line, 0, 0); // of an empty line
          const isSought = expected?.length !== 0 || after?.length !== 0;
          if (stop !== "lost") expect(stop).toBe(isSought ? "match" : "no");
        }
      }),
      propertyRuns(60),
    );
  });

  it("lie in shared memory as far as text of ASCII needs them", () => {
    for (const pattern of [
      String.raw`\w{30,}`,
      "[0-9]{6,}",
      String.raw`\w+@\w+\.com`,
      String.raw`def \w+\(self`,
    ]) {
      const reader = new Reader(packTables(theAutomatonOf(pattern), TABLE_WORDS) as PackedTables);
      const line = Buffer.from("def some_thing_of_this_kind_that_is_long(self): 1234567 a@b.com");
      expect(packedMatches(reader, line)).not.toHaveLength(0);
      expect(reader.words[T.IS_DIRECT]).toBe(1);
      expect(reader.stops(Buffer.from("plain text, and none of what is sought\n"))).toBe("no");
      expect(reader.coldReads).toBe(0);
    }
  });

  it("of small automata need no look at the rest for any byte", () => {
    const { words } = packTables(theAutomatonOf("[0-9]{6,}"), TABLE_WORDS) as PackedTables;
    expect([words[T.SEARCH_STRIDE], words[T.SLOW_BITS]]).toEqual([256, 0]);
  });
});
