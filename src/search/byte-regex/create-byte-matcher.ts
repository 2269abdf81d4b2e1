/** Makes a matcher of this folder's engine from the patterns that the user typed. */
import type { Matcher } from "../contracts.ts";
import { createFallbackScanner } from "../scanner/index.ts";
import {
  badPattern,
  exceptionLiterals,
  type MatcherOptions,
  nulPattern,
  parsePackageSyntax,
  patternText,
  planFor,
  withPatterns,
} from "../matcher/index.ts";
import { ByteMatcher } from "./byte-matcher.ts";
import { ByteRegex, type RegexSizes } from "./byte-regex.ts";
import {
  hasTextAnchor,
  hasWordLook,
  isAnchoredAtStart,
  mayMatchByte,
  type Node,
  requiresByte,
  toHir,
  withGroupsFrom,
  withLineAnchors,
  withoutByte,
} from "./node.ts";
import { type Parsed, parsePattern } from "./parse.ts";

/** The patterns, and what they may match. */
export interface ByteMatcherOptions extends MatcherOptions {
  /** `-U`: a match may have any number of lines. */
  multiline?: boolean;
  /** `--multiline-dotall`: `.` matches a line feed. */
  dotAll?: boolean;
  /** `--null-data`: lines end in NUL. */
  nullData?: boolean;
  /** `--regex-size-limit` */
  maxSizeBytes?: number | undefined;
  /** `--dfa-size-limit` */
  maxStatesBytes?: number | undefined;
}

const DEFAULT_MAX_SIZE_BYTES = 100 << 20;
/** ripgrep allows more. Here it bounds what each thread takes. */
const LARGEST_STATES_BYTES = 64 << 20;

/** @throws EW_BAD_PATTERN with the text that ripgrep prints after "rg: " */
export function createByteMatcher(options: ByteMatcherOptions): Matcher {
  const parsed = parsedPatterns(options, options.dotAll === true && options.multiline === true);
  const node = restricted(parsed.node, options);
  const sizes: RegexSizes = {
    maxSizeBytes: options.maxSizeBytes ?? DEFAULT_MAX_SIZE_BYTES,
    maxStatesBytes: Math.min(options.maxStatesBytes ?? Infinity, LARGEST_STATES_BYTES),
  };
  const regex = new ByteRegex({ ...parsed, node }, sizes);
  const plan = planFor(toHir(node));
  const createScanner = options.createScanner ?? createFallbackScanner;
  const terminator = options.nullData === true ? 0 : 10;
  const acrossLines = options.multiline === true && mayMatchByte(node, terminator);
  const scanner =
    plan.kind === "literals" || plan.kind === "filter"
      ? createScanner([...plan.literals, ...exceptionLiterals(plan.foldExceptions)])
      : undefined;
  const seesTextEnds = hasTextAnchor(node);
  return new ByteMatcher({
    regex,
    seesTextEnds,
    // Only "\r\n" is taken from a line then, so that `\z` is behind a "\n" that stands alone.
    everyLineMayMatch: seesTextEnds && options.crlf === true && options.multiline !== true,
    lineRegex: () =>
      seesTextEnds ? new ByteRegex({ ...parsed, node: withLineAnchors(node) }, sizes) : regex,
    acrossLines,
    candidatesAreExact:
      !acrossLines &&
      (options.multiline === true ||
        (terminator === 0 && seesTextEnds && !(scanner !== undefined && looksForTexts(node)))),
    terminator,
    groupNames: parsed.groupNames,
    scanner,
  });
}

/**
 * Whether ripgrep looks for texts that are in every match, and then at the lines that have them. Otherwise it trusts
 * its regex engine to be as fast, and `\A` and `\z` are the ends of all that it has read.
 */
const looksForTexts = (node: Node): boolean => isAnchoredAtStart(node) || hasWordLook(node);

/** The pattern without what cannot match: ends of lines, and NUL where it marks binary files. */
function restricted(node: Node, options: ByteMatcherOptions): Node {
  if (options.allowNul !== true && requiresByte(node, 0)) throw badPattern(nulPattern());
  if (options.multiline === true) return node;
  if (options.nullData === true) return withoutByte(node, 0, String.raw`\0`);
  const withoutReturn = options.crlf === true ? withoutByte(node, 13, String.raw`\r`) : node;
  return withoutByte(withoutReturn, 10, String.raw`\n`);
}

/** The patterns as one. Where they are too many for the package, it parses them in parts. */
function parsedPatterns(options: MatcherOptions, dotAll: boolean): Parsed {
  const { pattern, shown } = patternText(options, dotAll);
  try {
    return parsePattern(pattern);
  } catch (error) {
    const { patterns } = options;
    const size = SIZE_LIMIT.exec((error as Error).message)?.[1];
    if (size !== undefined && patterns.length > 1) {
      const middle = patterns.length >>> 1;
      return either(
        parsedPatterns(withPatterns(options, patterns.slice(0, middle)), dotAll),
        parsedPatterns(withPatterns(options, patterns.slice(middle)), dotAll),
      );
    }
    if (size !== undefined) throw badPattern(`compiled regex exceeds size limit of ${size}`, error);
    throw badPattern(messageFor(shown, error as Error), error);
  }
}

/** The first pattern, or else the second one. */
function either(first: Parsed, second: Parsed): Parsed {
  const offset = first.groupCount;
  const later = Array.from(second.groupNames, ([name, index]) => [name, index + offset] as const);
  return {
    node: { kind: "alternation", subs: [first.node, withGroupsFrom(second.node, offset)] },
    groupNames: new Map([...first.groupNames, ...later]),
    groupCount: offset + second.groupCount,
  };
}

/** What the package says of a pattern that is right, but too large for it. */
const SIZE_LIMIT = /exceeds size limit of (\d+)/;

/** Messages quote the patterns that the user typed, as ripgrep does. */
function messageFor(shown: string, error: Error): string {
  try {
    parsePackageSyntax(shown);
  } catch (shownError) {
    const { message } = shownError as Error;
    const isMistake = !/pattern can match invalid UTF-8/.test(message) && !SIZE_LIMIT.test(message);
    if (isMistake) return message;
  }
  return error.message;
}
