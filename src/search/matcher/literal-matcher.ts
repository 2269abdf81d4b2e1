/**
 * Finds plain text without the regex engine.
 *
 * Invariants: no literal is empty or contains a line feed. ASCII folding is not always exact: a line may
 * contain U+017F or U+212A under `-i`, or a word boundary may be beside a byte that is not ASCII. Such a line
 * goes to `exact`: the regex engine behind the same interface, made when it is first needed.
 */

import type { Literal, LiteralScanner, Matcher, MatcherPlan } from "../contracts.ts";
import type { Hir } from "./hir.ts";
import { type Boundary, literalSyntax } from "./literal-syntax.ts";
import { createFallbackScanner, LiteralTests } from "../scanner/index.ts";
import { isWordByte } from "./word-byte.ts";

/** The longest list of literals that backends get. */
const MOST_LITERALS = 16;
/** Longer lines are searched by the scanner, shorter ones in this file. */
const SHORT_LINE_BYTES = 256;

/** The matcher for plain text. */
export class LiteralMatcher implements Matcher {
  readonly plan: MatcherPlan;
  readonly candidatesAreExact: boolean;
  matchStart = 0;
  matchEnd = 0;
  private readonly literals: readonly Literal[];
  private readonly tests: LiteralTests;
  private readonly candidates: LiteralScanner;
  private readonly scanner: LiteralScanner;
  private readonly boundary: Boundary;
  private readonly foldExceptions: Uint8Array[];
  private readonly makeExact: () => Matcher;
  private exact: Matcher | undefined;
  /** The current line, its end, and whether the regex engine must decide about it. */
  private readonly asked = {
    bytes: new Uint8Array(0) as Uint8Array,
    lineStart: -1,
    lineEnd: -1,
    from: -1,
    isExact: false,
  };

  constructor(
    literals: readonly Literal[],
    boundary: Boundary,
    foldExceptions: Uint8Array[],
    createScanner: (literals: readonly Literal[]) => LiteralScanner,
    makeExact: () => Matcher,
  ) {
    this.literals = literals;
    this.tests = new LiteralTests(literals);
    this.candidatesAreExact = boundary === "none" && foldExceptions.length === 0;
    // Backends take few literals at a time. A longer list is searched here, where its length hardly matters.
    const isLong = literals.length > MOST_LITERALS;
    const isExact = boundary === "none" && !isLong && !someStartsAnother(literals);
    const kind = isExact ? "literals" : "filter";
    this.plan = isLong ? { kind: "whole" } : { kind, literals: [...literals], foldExceptions };
    this.scanner = isLong ? createFallbackScanner(literals) : createScanner(literals);
    const exceptions = exceptionLiterals(foldExceptions);
    if (exceptions.length === 0) this.candidates = this.scanner;
    else if (isLong) this.candidates = firstOf(this.scanner, createScanner(exceptions));
    else this.candidates = createScanner([...literals, ...exceptions]);
    this.boundary = boundary;
    this.foldExceptions = foldExceptions;
    this.makeExact = makeExact;
  }

  /** The pattern in the form that the regex engine would make of it. */
  get syntax(): Hir {
    return literalSyntax(this.literals, this.boundary);
  }

  findCandidate(bytes: Uint8Array, from: number, end: number): number {
    return this.candidates.find(bytes, from, end);
  }

  findInLine(bytes: Uint8Array, lineStart: number, lineEnd: number, from: number): boolean {
    if (this.foldExceptions.length > 0 && this.asksExact(bytes, lineStart, lineEnd, from)) {
      return this.askExact(bytes, lineStart, lineEnd, from);
    }
    if (this.boundary === "line") return this.isWholeLine(bytes, lineStart, lineEnd, from);
    const isShort = lineEnd - from <= SHORT_LINE_BYTES;
    for (let at = from; ; at++) {
      at = isShort ? this.tests.nextStart(bytes, at, lineEnd) : this.scanner.find(bytes, at, lineEnd);
      if (at < 0 || at >= lineEnd) return false;
      let length = this.tests.lengthAt(bytes, at, lineEnd, 0);
      if (length >= 0 && this.boundary === "word") {
        if (at > lineStart && (bytes[at - 1] as number) >= 0x80)
          return this.askExact(bytes, lineStart, lineEnd, from);
        if (at > lineStart && isWordByte(bytes[at - 1] as number)) continue;
        // Of the literals at this place, the first one that ends at a boundary counts.
        while (length >= 0 && at + length < lineEnd) {
          const after = bytes[at + length] as number;
          if (after >= 0x80) return this.askExact(bytes, lineStart, lineEnd, from);
          if (!isWordByte(after)) break;
          length = this.tests.lengthAt(bytes, at, lineEnd, this.tests.index + 1);
        }
      }
      if (length < 0) continue;
      this.matchStart = at;
      this.matchEnd = at + length;
      return true;
    }
  }

  private isWholeLine(bytes: Uint8Array, lineStart: number, lineEnd: number, from: number): boolean {
    if (from !== lineStart) return false;
    let length = this.tests.lengthAt(bytes, lineStart, lineEnd, 0);
    while (length >= 0 && lineStart + length !== lineEnd) {
      length = this.tests.lengthAt(bytes, lineStart, lineEnd, this.tests.index + 1);
    }
    this.matchStart = lineStart;
    this.matchEnd = lineEnd;
    return length >= 0;
  }

  /** Decides once for each line, not again for each of its matches. */
  private asksExact(bytes: Uint8Array, lineStart: number, lineEnd: number, from: number): boolean {
    const { asked } = this;
    const goesOn =
      from > asked.from &&
      asked.bytes === bytes &&
      asked.lineStart === lineStart &&
      asked.lineEnd === lineEnd;
    if (!goesOn) {
      asked.bytes = bytes;
      asked.lineStart = lineStart;
      asked.lineEnd = lineEnd;
      asked.isExact = this.hasException(bytes, lineStart, lineEnd);
    }
    asked.from = from;
    return asked.isExact;
  }

  private hasException(bytes: Uint8Array, lineStart: number, lineEnd: number): boolean {
    for (let at = lineStart; at < lineEnd; at++) {
      if ((bytes[at] as number) < 0x80) continue;
      for (const run of this.foldExceptions) {
        if (at + run.length <= lineEnd && run.every((byte, i) => bytes[at + i] === byte)) return true;
      }
    }
    return false;
  }

  private askExact(bytes: Uint8Array, lineStart: number, lineEnd: number, from: number): boolean {
    this.exact ??= this.makeExact();
    const found = this.exact.findInLine(bytes, lineStart, lineEnd, from);
    this.matchStart = this.exact.matchStart;
    this.matchEnd = this.exact.matchEnd;
    return found;
  }
}

/** The byte runs as literals, which the scanner looks for beside the others. */
export const exceptionLiterals = (foldExceptions: readonly Uint8Array[]): Literal[] =>
  foldExceptions.map((bytes) => ({ bytes, ignoreAsciiCase: false }));

/** Searches with one scanner, and with the other one only up to the place that the first one found. */
function firstOf(one: LiteralScanner, other: LiteralScanner): LiteralScanner {
  return {
    find(bytes, from, end) {
      const found = one.find(bytes, from, end);
      const before = other.find(bytes, from, found < 0 ? end : found);
      return before < 0 ? found : before;
    },
  };
}

/** True if a literal begins with another literal, so that both can occur at one place. */
function someStartsAnother(literals: readonly Literal[]): boolean {
  return literals.some((a) =>
    literals.some(
      (b) => a !== b && a.bytes.length <= b.bytes.length && a.bytes.every((byte, i) => b.bytes[i] === byte),
    ),
  );
}
