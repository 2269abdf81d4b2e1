/**
 * From a pattern to a program over bit planes.
 *
 *     pattern ──▶ cursors: before which places may the rest of the pattern go on? ──▶ lines that have one at the end
 *
 * In a line of ASCII, the program decides exactly. Beyond ASCII, it knows bytes and not characters:
 * - A byte from 0x80 on may be a part of any character of a class.
 * - A repetition with a limit may take more bytes than characters.
 * - A word may begin or end beside such a byte.
 *
 * So the program misses no line that matches. A line with such bytes is in doubt, if the pattern has one of these.
 */
import { type Hir, isWordByte, type LookName } from "../matcher/index.ts";
import type { PlaneProgram } from "./plane-program.ts";
import { ALL, ProgramBuilder, setOf, type Stream } from "./program-builder.ts";

/** More of them cost more than the automaton, and take long to compile. */
const STEPS_MAX = 400;
/** So many copies are made at most of what is repeated and no class. */
const COPIES_MAX = 64;
/** Up to here a repetition of characters beyond ASCII is followed character by character. */
const CHARACTERS_MAX = 3;

const LINE_FEED = 10;
const FIRST_HIGH = 0x80;

/** What a pattern became: a program, or the reason why there is none. */
export type PlanesAnswer =
  | { readonly program: PlaneProgram; readonly whyNot?: undefined }
  | { readonly program?: undefined; readonly whyNot: string };

/** Where the rest of a pattern may go on. */
type Cursor =
  /** Everywhere. */
  | "everywhere"
  /** At the bits of a stream; `isBehind`: behind them. */
  | { readonly stream: Stream; readonly isBehind: boolean };

interface CharacterSet {
  readonly stream: Stream;
  /** It has characters beyond ASCII. */
  readonly isHigh: boolean;
}

/** Ends the compilation. */
class NoProgram extends Error {}

/** Makes the program of a pattern, of which no class has a line feed. */
export function compilePlanes(hir: Hir): PlanesAnswer {
  try {
    return { program: new PlaneCompiler().compile(hir) };
  } catch (error) {
    if (!(error instanceof NoProgram)) throw error;
    return { whyNot: error.message };
  }
}

class PlaneCompiler {
  readonly #builder = new ProgramBuilder();
  readonly #feeds = this.#builder.set(setOf((byte) => byte === LINE_FEED));
  readonly #words = this.#builder.set(setOf(isWordByte));
  /** Bytes beyond ASCII: the highest plane. */
  readonly #high = this.#builder.set(setOf((byte) => byte >= FIRST_HIGH));
  #isDoubtful = false;
  #seesLineStart = false;

  compile(hir: Hir): PlaneProgram {
    // Line feeds between two files end empty lines, too, which are none.
    if (matchesEmptyLine(hir)) throw new NoProgram("the pattern matches an empty line");
    const builder = this.#builder;
    const cursor = this.#walk(hir, "everywhere", true);
    if (cursor === "everywhere") throw new NoProgram("the pattern matches every line");
    const inLine = builder.not(this.#feeds);
    // A match that ends with a byte of its line ends in the line: the step to the place behind can be saved.
    const lines = builder.and(builder.star(cursor.stream, inLine), this.#feeds);
    if (lines < 0) throw new NoProgram("the pattern matches nothing");
    const doubts = this.#isDoubtful ? builder.and(lines, builder.star(this.#high, inLine, true)) : undefined;
    this.#assertSmall();
    const { steps, streams } = builder.finish([
      this.#feeds,
      lines,
      ...(doubts === undefined ? [] : [doubts]),
    ]);
    const [feeds, matched, inDoubt] = streams as [number, number, number?];
    return { steps, feeds, lines: matched, doubts: inDoubt, seesLineStart: this.#seesLineStart };
  }

  #assertSmall(): void {
    if (this.#builder.steps.length > STEPS_MAX)
      throw new NoProgram(`the pattern needs more than ${STEPS_MAX} steps`);
  }

  /**
   * @param isLast nothing of the pattern follows: it is enough to know in which lines the cursors are
   * @returns where the rest goes on behind the pattern
   */
  #walk(hir: Hir, from: Cursor, isLast: boolean): Cursor {
    this.#assertSmall();
    switch (hir.kind) {
      case "empty":
        return from;
      case "literal":
        if (hir.bytes.some((byte) => byte >= FIRST_HIGH)) this.#isDoubtful = true;
        return hir.bytes.reduce(
          (cursor: Cursor, one) => this.#byte(this.#builder.set(setOf((byte) => byte === one)), cursor),
          from,
        );
      case "class":
        // At the beginning and at the end, one byte of a character tells enough.
        return from === "everywhere" || isLast
          ? this.#byte(this.#classSet(hir).stream, from)
          : this.#character(this.#classSet(hir), from);
      case "look":
        return this.#at(this.#builder.and(this.#placed(from), this.#look(hir.name)));
      case "concat":
        return this.#sequence(hir.subs, from, isLast);
      case "alternation":
        return hir.subs.map((sub) => this.#walk(sub, from, isLast)).reduce((a, b) => this.#or(a, b));
      case "repetition":
        return this.#repetition(hir, from, isLast);
    }
  }

  #sequence(subs: readonly Hir[], from: Cursor, isLast: boolean): Cursor {
    let end = subs.length;
    // What may be missing at the end need not be there.
    if (isLast) while (end > 0 && isOptional(subs[end - 1]!)) end--;
    return subs
      .slice(0, end)
      .reduce((cursor: Cursor, sub, index) => this.#walk(sub, cursor, isLast && index === end - 1), from);
  }

  #repetition({ min, max, sub }: Hir & { kind: "repetition" }, from: Cursor, isLast: boolean): Cursor {
    // What is repeated more often than it must be, at the beginning or at the end, matches without the rest of it.
    const most = from === "everywhere" || isLast ? min : (max ?? Infinity);
    if (sub.kind === "class") return this.#run(this.#classSet(sub), min, most, from, isLast);
    const byte = asciiOf(sub);
    if (byte !== undefined) {
      const stream = this.#builder.set(setOf((each) => each === byte));
      return this.#run({ stream, isHigh: false }, min, most, from, isLast);
    }
    if (most === Infinity) throw new NoProgram("the pattern repeats more than a class without a limit");
    if (most > COPIES_MAX) throw new NoProgram(`the pattern repeats more than a class ${most} times`);
    let cursor = from;
    for (let copy = 0; copy < min; copy++) cursor = this.#walk(sub, cursor, isLast && copy === min - 1);
    let reached = cursor;
    for (let copy = min; copy < most; copy++) {
      cursor = this.#walk(sub, cursor, false);
      reached = this.#or(reached, cursor);
    }
    return reached;
  }

  /** @param most of characters, as many as are of use; Infinity without a limit */
  #run(set: CharacterSet, min: number, most: number, from: Cursor, isLast: boolean): Cursor {
    const { stream, isHigh } = set;
    // So many characters are at least so many bytes.
    if (most === min && (from === "everywhere" || isLast || !isHigh)) return this.#bytes(stream, min, from);
    if (most <= CHARACTERS_MAX && isHigh) return this.#characters(set, min, most, from);
    const builder = this.#builder;
    const least = this.#placed(this.#bytes(stream, min, from));
    const reached = builder.star(least, stream);
    if (most === Infinity) return this.#at(reached);
    const near = this.#smeared(least, most - min);
    return this.#at(builder.and(reached, isHigh ? builder.or(near, this.#behindHigh(stream)) : near));
  }

  #characters(set: CharacterSet, min: number, most: number, from: Cursor): Cursor {
    let cursor = from;
    for (let count = 0; count < min; count++) cursor = this.#character(set, cursor);
    let reached = cursor;
    for (let count = min; count < most; count++) {
      cursor = this.#character(set, cursor);
      reached = this.#or(reached, cursor);
    }
    return reached;
  }

  /** One character. Beyond ASCII, its later bytes follow. */
  #character({ stream, isHigh }: CharacterSet, from: Cursor): Cursor {
    const first = this.#byte(stream, from);
    if (!isHigh) return first;
    const later = this.#builder.set(setOf((byte) => byte >= 0x80 && byte < 0xc0));
    return this.#at(this.#builder.star(this.#placed(first), later, true));
  }

  #byte(set: Stream, from: Cursor): Cursor {
    return this.#bytes(set, 1, from);
  }

  /** So many bytes of a set in a row. */
  #bytes(set: Stream, count: number, from: Cursor): Cursor {
    if (count === 0) return from;
    const builder = this.#builder;
    const ends = this.#ends(set, count);
    if (from === "everywhere") return { stream: ends, isBehind: true };
    const last = builder.advance(this.#placed(from), count - 1);
    return { stream: builder.and(last, ends), isBehind: true };
  }

  /** Where a run of so many bytes of a set ends. By doubling. */
  #ends(set: Stream, count: number): Stream {
    let stream = set;
    for (let length = 1; length < count;) {
      this.#assertSmall();
      const by = Math.min(length, count - length);
      stream = this.#builder.and(stream, this.#builder.advance(stream, by));
      length += by;
    }
    return stream;
  }

  /** The bits, and up to so many places behind each. By doubling. */
  #smeared(bits: Stream, distance: number): Stream {
    let stream = bits;
    for (let reach = 0; reach < distance;) {
      this.#assertSmall();
      const by = Math.min(reach + 1, distance - reach);
      stream = this.#builder.or(stream, this.#builder.advance(stream, by));
      reach += by;
    }
    return stream;
  }

  /** The places that a run of a set reaches behind a byte beyond ASCII. */
  #behindHigh(set: Stream): Stream {
    const builder = this.#builder;
    return builder.star(builder.advance(builder.and(this.#high, set), 1), set, true);
  }

  #classSet({ ranges, escapes, without }: Hir & { kind: "class" }): CharacterSet {
    const members = new Uint8Array(256);
    // Each of them has characters beyond ASCII.
    let isHigh = escapes.length > 0;
    for (const escape of escapes)
      for (let byte = 0; byte < FIRST_HIGH; byte++) if (isOfEscape(escape, byte)) members[byte] = 1;
    for (const [low, high] of ranges) {
      members.fill(1, Math.min(low, FIRST_HIGH), Math.min(high + 1, FIRST_HIGH));
      if (high >= FIRST_HIGH) isHigh = true;
    }
    for (const code of [...without, LINE_FEED]) if (code < FIRST_HIGH) members[code] = 0;
    if (isHigh) {
      members.fill(1, FIRST_HIGH);
      this.#isDoubtful = true;
    }
    return { stream: this.#builder.set(members), isHigh };
  }

  /** The places where an assertion holds. */
  #look(name: LookName): Stream {
    const builder = this.#builder;
    const words = this.#words;
    const wordBefore = builder.advance(words, 1);
    const borders = builder.xor(words, wordBefore);
    switch (name) {
      case "Start":
      case "StartLF":
        this.#seesLineStart = true;
        return builder.advance(this.#feeds, 1, 1);
      case "End":
      case "EndLF":
        return this.#feeds;
      case "WordAscii":
        return borders;
      case "WordAsciiNegate":
        return builder.not(borders);
      case "WordUnicode":
        return builder.or(borders, this.#besideHigh());
      case "WordUnicodeNegate":
        return builder.or(builder.not(borders), this.#besideHigh());
      case "WordStartAscii":
        return builder.without(words, wordBefore);
      case "WordEndAscii":
        return builder.without(wordBefore, words);
      case "WordStartUnicode":
        return builder.or(builder.without(words, wordBefore), this.#besideHigh());
      case "WordEndUnicode":
        return builder.or(builder.without(wordBefore, words), this.#besideHigh());
      case "WordStartHalfAscii":
        return builder.not(wordBefore);
      case "WordEndHalfAscii":
        return builder.not(words);
      // Beside a byte beyond ASCII they may hold, and so they do here.
      case "WordStartHalfUnicode":
        this.#isDoubtful = true;
        return builder.not(wordBefore);
      case "WordEndHalfUnicode":
        this.#isDoubtful = true;
        return builder.not(words);
      case "StartCRLF":
      case "EndCRLF":
        throw new NoProgram("the pattern asks for CR LF");
    }
  }

  #besideHigh(): Stream {
    this.#isDoubtful = true;
    return this.#builder.or(this.#high, this.#builder.advance(this.#high, 1));
  }

  #or(one: Cursor, other: Cursor): Cursor {
    if (one === "everywhere" || other === "everywhere") return "everywhere";
    const builder = this.#builder;
    if (one.isBehind && other.isBehind)
      return { stream: builder.or(one.stream, other.stream), isBehind: true };
    return this.#at(builder.or(this.#placed(one), this.#placed(other)));
  }

  #at(stream: Stream): Cursor {
    return stream === ALL ? "everywhere" : { stream, isBehind: false };
  }

  #placed(cursor: Cursor): Stream {
    if (cursor === "everywhere") return ALL;
    return cursor.isBehind ? this.#builder.advance(cursor.stream, 1) : cursor.stream;
  }
}

/** ASCII members of `\\w` and the like. */
const ESCAPES: Readonly<Record<string, (byte: number) => boolean>> = {
  w: isWordByte,
  s: (byte) => byte === 0x20 || (byte >= 9 && byte <= 13),
  d: (byte) => byte >= 0x30 && byte <= 0x39,
};

/** @param escape as in `Hir` */
function isOfEscape(escape: string, byte: number): boolean {
  const letter = escape[1]!;
  const lower = letter.toLowerCase();
  return ESCAPES[lower]!(byte) === (letter === lower);
}

/** The only byte of a text, where it is one of ASCII. */
function asciiOf(hir: Hir): number | undefined {
  if (hir.kind !== "literal" || hir.bytes.length !== 1) return undefined;
  return hir.bytes[0]! < FIRST_HIGH ? hir.bytes[0] : undefined;
}

const isOptional = (hir: Hir): boolean =>
  hir.kind === "empty" || (hir.kind === "repetition" && hir.min === 0);

/** Assertions that hold in a line without a byte. */
const HOLD_IN_EMPTY_LINE: ReadonlySet<LookName> = new Set<LookName>([
  "Start",
  "End",
  "StartLF",
  "EndLF",
  "StartCRLF",
  "EndCRLF",
  "WordAsciiNegate",
  "WordUnicodeNegate",
  "WordStartHalfAscii",
  "WordEndHalfAscii",
  "WordStartHalfUnicode",
  "WordEndHalfUnicode",
]);

function matchesEmptyLine(hir: Hir): boolean {
  switch (hir.kind) {
    case "empty":
      return true;
    case "literal":
    case "class":
      return false;
    case "look":
      return HOLD_IN_EMPTY_LINE.has(hir.name);
    case "repetition":
      return hir.min === 0 || matchesEmptyLine(hir.sub);
    case "concat":
      return hir.subs.every(matchesEmptyLine);
    case "alternation":
      return hir.subs.some(matchesEmptyLine);
  }
}
