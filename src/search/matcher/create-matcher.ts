/** Makes a `Matcher` from the patterns that the user typed, in ripgrep's dialect. */

import type { Literal, LiteralScanner, Matcher } from "../contracts.ts";
import { createFallbackScanner } from "../scanner/index.ts";
import { LiteralMatcher } from "./literal-matcher.ts";
import type { Boundary } from "./literal-syntax.ts";
import { escapePattern, isText, plainText, joinPatterns, smartCaseIgnores } from "./pattern-syntax.ts";
import { foldExceptionsOf } from "./plan.ts";
import { badPattern, notAllowed, nulPattern, RegexMatcher } from "./regex-matcher.ts";

/** The patterns, and how they are read. */
export interface MatcherOptions {
  /**
   * The patterns as typed, in order: from `-e`, from the lines of `-f`, or the positional one. An empty list
   * matches nothing.
   */
  patterns: readonly string[];
  /** `-F`: patterns are plain text. */
  fixedStrings?: boolean;
  /** `-s` (the default), `-i`, `-S` */
  caseMode?: "sensitive" | "insensitive" | "smart";
  /** `-w`; `lineRegexp` wins over it. */
  wordRegexp?: boolean;
  /** `-x` */
  lineRegexp?: boolean;
  /** `--no-unicode` is false. */
  unicode?: boolean;
  /** `--crlf`: a line may end in CR LF, `$` matches before it. */
  crlf?: boolean;
  /**
   * `-a`: a pattern may contain NUL. Without it, a pattern that needs a NUL is refused where ripgrep refuses
   * it, because binary files are not searched that far.
   */
  allowNul?: boolean;
  /** Makes the scanner for `findCandidate`. Default: the scanner in plain JavaScript. */
  createScanner?: (literals: readonly Literal[]) => LiteralScanner;
}

/**
 * Builds the matcher for a set of patterns. Plain text never loads the regex engine.
 *
 * @throws EverwarpError EW_BAD_PATTERN with the text that ripgrep prints after "rg: "
 */
export function createMatcher(options: MatcherOptions): Matcher {
  const patterns = [...new Set(options.patterns)];
  if (patterns.length === 0) return new NothingMatcher();
  refuseSurrogates(patterns);
  const createScanner = options.createScanner ?? createFallbackScanner;
  const boundary = boundaryOf(options);
  const fixed = options.fixedStrings === true;
  const sources = fixed ? patterns.map(escapePattern) : patterns;
  const ignoreCase = ignoresCase(options, sources);
  // ripgrep looks for NUL in the parsed pattern, and does not parse plain text. In plain text, NUL is a byte
  // like any other.
  const isUnparsed = (options.caseMode ?? "sensitive") === "sensitive" && (fixed || patterns.every(isText));
  const allowNul = options.allowNul === true || isUnparsed;
  const makeRegex = (): Matcher =>
    new RegexMatcher({ ...patternText(options), crlf: options.crlf === true, allowNul }, createScanner);

  const texts = fixed ? patterns : patterns.map(plainText).filter((text) => text !== undefined);
  if (texts.length < patterns.length) return makeRegex();
  if (texts.some((text) => text.includes("\n"))) throw badPattern(notAllowed(String.raw`\n`));
  if (!allowNul && texts.some((text) => text.includes("\0"))) throw badPattern(nulPattern());
  const isFoldable = !ignoreCase || texts.every((text) => /^\p{ASCII}*$/u.test(text));
  const asksForLineEnd =
    options.crlf === true && (boundary === "line" || texts.some((text) => text.includes("\r")));
  const isSimple = isFoldable && !asksForLineEnd && options.unicode !== false && !texts.includes("");
  if (!isSimple) return makeRegex();
  return new LiteralMatcher(
    reachable(texts.map((text) => toLiteral(text, ignoreCase))),
    boundary,
    ignoreCase ? foldExceptionsOf(texts.join("")) : [],
    createScanner,
    makeRegex,
  );
}

function ignoresCase(options: MatcherOptions, sources: readonly string[]): boolean {
  if (options.caseMode === "insensitive") return true;
  return options.caseMode === "smart" && smartCaseIgnores(joinPatterns(sources));
}

/** A pattern for an engine, and the user's patterns in it, which messages quote. */
export interface PatternText {
  readonly pattern: string;
  readonly shown: string;
}

/**
 * The patterns as one, with all that the options ask for.
 * @param dotAll `.` matches a line feed
 * @throws EW_BAD_PATTERN for text that is no Unicode
 */
export function patternText(options: MatcherOptions, dotAll = false): PatternText {
  const patterns = [...new Set(options.patterns)];
  refuseSurrogates(patterns);
  const sources = options.fixedStrings === true ? patterns.map(escapePattern) : patterns;
  const shown = joinPatterns(sources);
  const on = `m${ignoresCase(options, sources) ? "i" : ""}${dotAll ? "s" : ""}${options.crlf === true ? "R" : ""}`;
  const around = {
    none: ["", ""],
    word: [String.raw`\b{start-half}`, String.raw`\b{end-half}`],
    line: ["^", "$"],
  };
  const [before, after] = around[boundaryOf(options)];
  return { pattern: `(?${on}${options.unicode === false ? "-u" : ""}:${before}(?:${shown})${after})`, shown };
}

/** The options for a part of their patterns: whether these ignore case does not depend on which ones they are. */
export function withPatterns(options: MatcherOptions, patterns: readonly string[]): MatcherOptions {
  const { fixedStrings } = options;
  const sources = fixedStrings === true ? options.patterns.map(escapePattern) : options.patterns;
  return { ...options, patterns, caseMode: ignoresCase(options, sources) ? "insensitive" : "sensitive" };
}

/** Are the patterns plain text in one line each, so that they match the same whatever a match may span? */
export function isLineText({ patterns, fixedStrings, lineRegexp }: MatcherOptions): boolean {
  const isOneLine = (text: string | undefined): boolean => text !== undefined && !text.includes("\n");
  if (lineRegexp === true) return false;
  return patterns.every((pattern) => isOneLine(fixedStrings === true ? pattern : plainText(pattern)));
}

function refuseSurrogates(patterns: readonly string[]): void {
  for (const pattern of patterns) {
    if (/\p{Surrogate}/u.test(pattern)) throw badPattern("pattern given is not valid UTF-8");
  }
}

const boundaryOf = ({ lineRegexp, wordRegexp }: MatcherOptions): Boundary =>
  lineRegexp === true ? "line" : wordRegexp === true ? "word" : "none";

function toLiteral(text: string, ignoreCase: boolean): Literal {
  const hasLetters = /[A-Za-z]/.test(text);
  const ignoreAsciiCase = ignoreCase && hasLetters;
  return { bytes: new Uint8Array(Buffer.from(ignoreAsciiCase ? text.toLowerCase() : text)), ignoreAsciiCase };
}

/** The list without literals that are equal after folding. */
function reachable(literals: Literal[]): Literal[] {
  const seen = new Set<string>();
  return literals.filter(({ bytes, ignoreAsciiCase }) => {
    const key = `${ignoreAsciiCase} ${Buffer.from(bytes).toString("latin1")}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

/** The matcher for an empty list of patterns. */
class NothingMatcher implements Matcher {
  readonly plan = { kind: "nothing" } as const;
  readonly candidatesAreExact = true;
  matchStart = 0;
  matchEnd = 0;
  findInLine(): boolean {
    return false;
  }
  findCandidate(): number {
    return -1;
  }
}
