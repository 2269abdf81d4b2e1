/** The parsed pattern of a matcher, for those who make something else of it. */
import type { Matcher } from "../contracts.ts";
import { type Hir, readHir } from "./hir.ts";
import { LiteralMatcher } from "./literal-matcher.ts";
import { RegexEngine } from "./regex-engine.ts";
import { lineSyntax, RegexMatcher } from "./regex-matcher.ts";
import { type MatcherOptions, patternText } from "./create-matcher.ts";
import { abridge } from "./pattern-syntax.ts";

/**
 * The pattern that a matcher decides by. No class of it holds a line feed, and `\\A` and `\\z` are the line's ends.
 * @returns undefined for a matcher that has no pattern
 */
export function syntaxOf(matcher: Matcher): Hir | undefined {
  if (matcher instanceof RegexMatcher) return matcher.hir;
  return matcher instanceof LiteralMatcher ? matcher.syntax : undefined;
}

/**
 * The same for patterns, without a matcher: the engine compiles only what is left of a pattern when stand-ins take the
 * place of its large classes, so this takes microseconds.
 * @returns undefined for patterns that a matcher does not take, or tells more about
 */
export function syntaxOfPatterns(options: MatcherOptions): Hir | undefined {
  if (options.patterns.length === 0 || options.crlf === true) return undefined;
  try {
    const source = { ...patternText(options), crlf: false, allowNul: options.allowNul === true };
    return lineSyntax(readHir(parsePackageSyntax(abridge(source.pattern))), source);
  } catch {
    return undefined;
  }
}

/**
 * The objects of the package's parser for a pattern.
 * @throws Error of the package, for a pattern that it cannot take
 */
export function parsePackageSyntax(pattern: string): unknown {
  const engine = new RegexEngine(pattern);
  try {
    return engine.syntax();
  } finally {
    engine.free();
  }
}

const classes = new Map<string, [number, number][]>();

/** The code points of `\\w` and the like, as closed ranges. @param escape as in `Hir` */
export function classOfEscape(escape: string): [number, number][] {
  let ranges = classes.get(escape);
  if (ranges === undefined) {
    const node = readHir(new RegexEngine(`[${escape}]`).syntax());
    ranges = node.kind === "class" ? node.ranges : [];
    classes.set(escape, ranges);
  }
  return ranges;
}
