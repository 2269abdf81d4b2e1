/** Chooses the engine that a search needs. Most searches need the small one. */
import { EverwarpError } from "../../../base/index.ts";
import type { ByteMatcherOptions } from "../../byte-regex/index.ts";
import type { Literal, LiteralScanner, Matcher } from "../../contracts.ts";
import { canBeEmpty, createMatcher, isLineText, syntaxOf } from "../../matcher/index.ts";
import { namesGroup } from "../printer/index.ts";
import type { FileSearcherArgs } from "./file-searcher.ts";

/**
 * Makes the matcher of a search.
 * @throws EverwarpError EW_BAD_PATTERN with the text that ripgrep prints after "rg: "
 */
export async function openMatcher(
  { matcher, printer }: FileSearcherArgs,
  createScanner: (literals: readonly Literal[]) => LiteralScanner,
): Promise<Matcher> {
  const options = { ...matcher, createScanner };
  const needsGroups =
    printer.replacement !== undefined &&
    namesGroup(printer.replacement) &&
    matcher.fixedStrings !== true &&
    matcher.patterns.some((pattern) => pattern.includes("("));
  if (matcher.patterns.length > 0 && (needsGroups || needsBytes(matcher)))
    return await openByteMatcher(options);
  try {
    return createMatcher(options);
  } catch (error) {
    if (!isLimit(error)) throw error;
    return await openByteMatcher(options);
  }
}

/** Can a match be empty? Of a matcher that does not tell, it is said to be so. */
export function mayMatchEmpty(matcher: Matcher): boolean {
  if (matcher.plan.kind === "literals" || matcher.plan.kind === "nothing") return false;
  const syntax = syntaxOf(matcher);
  return syntax === undefined || canBeEmpty(syntax);
}

/** Are matches wanted that the package's engine cannot find? `\A` and `\z` are those of more than a line. */
function needsBytes(options: ByteMatcherOptions): boolean {
  if (options.nullData === true || options.maxSizeBytes !== undefined) return true;
  if (options.fixedStrings !== true && options.patterns.some((pattern) => /\\[Az]/.test(pattern)))
    return true;
  return options.multiline === true && !isLineText(options);
}

/** Is the pattern right, and only beyond what the package's engine can do? */
const isLimit = (error: unknown): boolean =>
  error instanceof EverwarpError &&
  error.code === "EW_BAD_PATTERN" &&
  /pattern can match invalid UTF-8|compiled regex exceeds size limit/.test(error.message);

async function openByteMatcher(options: ByteMatcherOptions): Promise<Matcher> {
  const { createByteMatcher } = await import("../../byte-regex/create-byte-matcher.ts");
  return createByteMatcher(options);
}
