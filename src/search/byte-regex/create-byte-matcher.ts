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
} from "../matcher/index.ts";
import { ByteMatcher } from "./byte-matcher.ts";
import { ByteRegex, type RegexSizes } from "./byte-regex.ts";
import {
  hasTextAnchor,
  mayMatchByte,
  type Node,
  requiresByte,
  toHir,
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
  const { pattern, shown } = patternText(options, options.dotAll === true && options.multiline === true);
  const parsed = parsedOf(pattern, shown);
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
  return new ByteMatcher({
    regex,
    lineRegex: () =>
      hasTextAnchor(node) ? new ByteRegex({ ...parsed, node: withLineAnchors(node) }, sizes) : regex,
    acrossLines,
    candidatesAreExact:
      !acrossLines && (options.multiline === true || (terminator === 0 && hasTextAnchor(node))),
    terminator,
    groupNames: parsed.groupNames,
    scanner:
      plan.kind === "literals" || plan.kind === "filter"
        ? createScanner([...plan.literals, ...exceptionLiterals(plan.foldExceptions)])
        : undefined,
  });
}

/** The pattern without what cannot match: ends of lines, and NUL where it marks binary files. */
function restricted(node: Node, options: ByteMatcherOptions): Node {
  if (options.allowNul !== true && requiresByte(node, 0)) throw badPattern(nulPattern());
  if (options.multiline === true) return node;
  if (options.nullData === true) return withoutByte(node, 0, String.raw`\0`);
  const withoutReturn = options.crlf === true ? withoutByte(node, 13, String.raw`\r`) : node;
  return withoutByte(withoutReturn, 10, String.raw`\n`);
}

/** What the package cannot do with a pattern that is none of its mistakes. */
const LIMITS = /pattern can match invalid UTF-8|exceeds size limit/;

function parsedOf(pattern: string, shown: string): Parsed {
  try {
    return parsePattern(pattern);
  } catch (error) {
    throw badPattern(messageFor(shown, error as Error), error);
  }
}

/** Messages quote the patterns that the user typed, as ripgrep does. */
function messageFor(shown: string, error: Error): string {
  try {
    parsePackageSyntax(shown);
  } catch (shownError) {
    const { message } = shownError as Error;
    if (!LIMITS.test(message)) return message;
  }
  return error.message;
}
