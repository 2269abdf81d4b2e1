/**
 * The matcher for patterns that need the regex engine.
 *
 * Invariants: no pattern here can match a line feed. It is removed from every class, and a pattern that needs
 * one is refused. So a search over many lines finds what a search line by line finds. `\A` and `\z` are the
 * line's ends. Empty matches inside a multi-byte character exist in ripgrep and not in the package's engine,
 * so `emptyMatchBefore` adds them.
 */

import { isUtf8 } from "node:buffer";
import { EverwarpError } from "../../base/index.ts";
import type { Literal, LiteralScanner, Matcher, MatcherPlan } from "../contracts.ts";
import {
  anyClassHas,
  canBeEmpty,
  needsByte,
  printHir,
  readHir,
  someNode,
  withLooksRenamed,
  withoutInClasses,
  withoutLooks,
  type Hir,
} from "./hir.ts";
import { LineHaystack } from "./line-haystack.ts";
import { exceptionLiterals } from "./literal-matcher.ts";
import { abridge } from "./pattern-syntax.ts";
import { planFor } from "./plan.ts";
import { RegexEngine, type Span } from "./regex-engine.ts";

/** A pattern for the engine. */
export interface RegexSource {
  /** The pattern that is compiled. */
  pattern: string;
  /** The user's patterns, joined. Messages quote them. */
  shown: string;
  crlf: boolean;
  allowNul: boolean;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SMALLEST_BLOCK_BYTES = 2 << 10;
const LARGEST_BLOCK_BYTES = 256 << 10;
/** In a line of this length or more, the second question lists all of its matches at once. */
const LONG_LINE_BYTES = 256;
/**
 * After so many candidates without a match, if most of all candidates were in vain, the literals are no
 * longer used.
 */
const PATIENCE_LINES = 1000;

/** The matcher that asks the regex engine. */
export class RegexMatcher implements Matcher {
  readonly plan: MatcherPlan;
  readonly candidatesAreExact: boolean;
  matchStart = 0;
  matchEnd = 0;
  /** For one line. */
  private readonly engine: RegexEngine;
  /** For many lines. */
  private blockEngine: RegexEngine | undefined;
  /** What is matched: no class holds a line feed. */
  readonly hir: Hir;
  private readonly scanner: LiteralScanner | undefined;
  private readonly mayBeEmpty: boolean;
  private readonly line = new LineHaystack();
  private lineMatches: Span[] | undefined;
  private emptyInside: boolean | undefined;
  private blockBytes = SMALLEST_BLOCK_BYTES;
  private candidateLines = 0;
  private matchingLines = 0;

  /** @throws EverwarpError EW_BAD_PATTERN with ripgrep's text */
  constructor(source: RegexSource, createScanner: (literals: readonly Literal[]) => LiteralScanner) {
    const engine = compile(source);
    const abridged = abridge(source.pattern);
    const parsed = readHir((abridged === source.pattern ? engine : new RegexEngine(abridged)).syntax());
    const hir = lineSyntax(parsed, source);
    this.hir = hir;
    // One line has no line feed, so only a block of lines needs the changed pattern, and few searches look at
    // blocks.
    this.engine = source.crlf && hir !== parsed ? new RegexEngine(printHir(hir)) : engine;
    this.blockEngine = hir === parsed ? engine : undefined;
    this.mayBeEmpty = canBeEmpty(hir);
    this.plan = planFor(hir);
    const { plan } = this;
    this.scanner =
      plan.kind === "literals" || plan.kind === "filter"
        ? createScanner([...plan.literals, ...exceptionLiterals(plan.foldExceptions)])
        : undefined;
    this.candidatesAreExact = plan.kind === "literals" && plan.foldExceptions.length === 0;
  }

  findCandidate(bytes: Uint8Array, from: number, end: number): number {
    if (this.scanner !== undefined && !this.isFilterPoor()) return this.scanner.find(bytes, from, end);
    return this.findMatchingLine(bytes, from, end);
  }

  findInLine(bytes: Uint8Array, lineStart: number, lineEnd: number, from: number): boolean {
    const isNewLine = this.line.set(bytes, lineStart, lineEnd, from === lineStart);
    if (isNewLine) this.lineMatches = undefined;
    const span = this.findSpan(from - lineStart, isNewLine);
    if (isNewLine) {
      this.candidateLines++;
      if (span !== undefined) this.matchingLines++;
    }
    const inside = this.emptyMatchBefore(from - lineStart, span?.start ?? lineEnd - lineStart);
    if (inside >= 0) {
      this.matchStart = lineStart + inside;
      this.matchEnd = this.matchStart;
      return true;
    }
    if (span === undefined) return false;
    this.matchStart = lineStart + span.start;
    this.matchEnd = lineStart + span.end;
    return true;
  }

  /** Leftmost match at or after `at`. Offsets count from the line's start. */
  private findSpan(at: number, isNewLine: boolean): Span | undefined {
    const { bytes, start, end } = this.line;
    if (isNewLine || end - start < LONG_LINE_BYTES) return this.engine.find(bytes, start, end, at);
    this.lineMatches ??= this.engine.findAll(bytes, start, end);
    const index = firstAtOrAfter(this.lineMatches, at);
    const previous = this.lineMatches[index - 1];
    // The list of matches answers only questions that do not start inside one of its matches.
    if (previous !== undefined && previous.end > at) return this.engine.find(bytes, start, end, at);
    return this.lineMatches[index];
  }

  /**
   * Offset of the first place inside a character in [from, before) where the pattern matches the empty
   * string, or −1.
   */
  private emptyMatchBefore(from: number, before: number): number {
    if (!this.mayBeEmpty || this.line.isAscii) return -1;
    this.emptyInside ??= this.matchesEmptyInsideCharacters();
    if (!this.emptyInside) return -1;
    const { bytes, start } = this.line;
    for (let at = from; at < before; at++) if (((bytes[start + at] as number) & 0xc0) === 0x80) return at;
    return -1;
  }

  /**
   * Whether the pattern matches the empty string inside a character. There, ripgrep's engine sees bytes that
   * decode to nothing on both sides. No class contains them, and a negated or half word boundary never holds.
   * So the question is asked between two characters that are in no class of this pattern.
   */
  private matchesEmptyInsideCharacters(): boolean {
    const never = new Set(["WordUnicodeNegate", "WordStartHalfUnicode", "WordEndHalfUnicode"] as const);
    const probe = new RegexEngine(printHir(withoutInClasses(withoutLooks(this.hir, never), 0x10ffff)));
    const text = Buffer.from("\u{10ffff}\u{10ffff}");
    return probe.find(text, 0, text.length, 4)?.start === 4;
  }

  private isFilterPoor(): boolean {
    return this.candidateLines > PATIENCE_LINES && this.matchingLines * 4 < this.candidateLines;
  }

  /** Runs the engine over blocks of whole lines. The block grows while nothing is found. */
  private findMatchingLine(bytes: Uint8Array, from: number, end: number): number {
    this.blockEngine ??= new RegexEngine(printHir(this.hir));
    for (let start = from; start < end;) {
      const stop = blockEnd(bytes, start, Math.min(start + this.blockBytes, end), end);
      // The engine finds no empty match before a stray continuation byte. Where that matters, each line is
      // searched alone.
      if (this.mayBeEmpty && !isUtf8(Uint8Array.prototype.slice.call(bytes, start, stop))) return start;
      const found = this.blockEngine.shortestMatchEnd(bytes, start, stop);
      if (found >= 0) {
        this.blockBytes = Math.max(SMALLEST_BLOCK_BYTES, Math.min(this.blockBytes, found * 2));
        return Math.min(start + found, end - 1);
      }
      this.blockBytes = Math.min(this.blockBytes * 4, LARGEST_BLOCK_BYTES);
      start = stop + 1;
    }
    return -1;
  }
}

const isTextAnchor = (node: Hir): boolean =>
  node.kind === "look" && (node.name === "Start" || node.name === "End");

/** End of a block of whole lines of about the given size, without the last line's terminator. */
function blockEnd(bytes: Uint8Array, start: number, wanted: number, end: number): number {
  if (wanted < end) {
    const last = bytes.lastIndexOf(LINE_FEED, wanted - 1);
    if (last >= start) return last;
  }
  const next = bytes.indexOf(LINE_FEED, Math.max(start, wanted - 1));
  return next < 0 || next >= end ? end : next;
}

function firstAtOrAfter(spans: readonly Span[], at: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle] as Span).start < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The pattern as it is for one line. @throws EW_BAD_PATTERN where it needs a byte that no line has */
export function lineSyntax(parsed: Hir, source: RegexSource): Hir {
  refuseBytes(parsed, source);
  let hir = parsed;
  if (someNode(hir, isTextAnchor)) hir = withLooksRenamed(hir, { Start: "StartLF", End: "EndLF" });
  if (anyClassHas(hir, LINE_FEED)) hir = withoutInClasses(hir, LINE_FEED);
  if (source.crlf && anyClassHas(hir, CARRIAGE_RETURN)) hir = withoutInClasses(hir, CARRIAGE_RETURN);
  return hir;
}

function compile(source: RegexSource): RegexEngine {
  try {
    return new RegexEngine(source.pattern);
  } catch (error) {
    if (error instanceof EverwarpError) throw error;
    throw badPattern(messageFor(source, error), error);
  }
}

/**
 * The engine quotes the pattern that it got. ripgrep quotes the patterns without the parts that were added
 * around them.
 */
function messageFor(source: RegexSource, error: unknown): string {
  const message = (error as Error).message ?? String(error);
  const limit = /^Compiled regex exceeds size limit of (\d+) bytes\.$/.exec(message);
  if (limit !== null) return `compiled regex exceeds size limit of ${limit[1]}`;
  try {
    new RegexEngine(source.shown);
  } catch (shownError) {
    return (shownError as Error).message ?? message;
  }
  return message;
}

function refuseBytes(hir: Hir, source: RegexSource): void {
  for (const [byte, text] of [
    ...(source.crlf ? [[CARRIAGE_RETURN, String.raw`\r`] as const] : []),
    [LINE_FEED, String.raw`\n`],
  ] as const) {
    if (needsByte(hir, byte)) throw badPattern(notAllowed(text));
  }
  if (!source.allowNul && needsByte(hir, 0)) throw badPattern(nulPattern());
}

/** ripgrep's message for a pattern that needs the line terminator. */
export const notAllowed = (text: string): string => `the literal "${text}" is not allowed in a regex

Consider enabling multiline mode with the --multiline flag (or -U for short).
When multiline mode is enabled, new line characters can be matched.`;

/** ripgrep's message for a pattern that needs NUL while NUL marks binary files. */
export const nulPattern = (): string => String.raw`pattern contains "\0" but it is impossible to match

Consider enabling text mode with the --text flag (or -a for short). Otherwise,
binary detection is enabled and matching a NUL byte is impossible.`;

/**
 * The error for a pattern that does not compile, in ripgrep's exact text. A remedy is added only where
 * ripgrep would accept the pattern: ripgrep searches bytes, the package's engine searches characters.
 */
export function badPattern(message: string, cause?: unknown): EverwarpError {
  const isOurs = message.endsWith("pattern can match invalid UTF-8");
  const remedy = "Leave out `(?-u)` or --no-unicode, or keep to ASCII inside of it.";
  return new EverwarpError("EW_BAD_PATTERN", message, isOurs ? { cause, remedy } : { cause });
}
