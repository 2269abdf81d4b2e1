/** Chooses the engine that a search needs. Most searches need the small one. */
import { EverwarpError } from "../../../base/index.ts";
import type { ByteMatcherOptions } from "../../byte-regex/index.ts";
import type { Literal, LiteralScanner, Matcher } from "../../contracts.ts";
import { canBeEmpty, createMatcher, isLineText, syntaxOf } from "../../matcher/index.ts";
import { namesGroup } from "../printer/index.ts";
import type { FileCondition } from "./file-conditions.ts";
import type { Conditions, FileSearcherArgs } from "./args.ts";
import { ConditionalMatcher } from "./line-conditions.ts";

type CreateScanner = (literals: readonly Literal[]) => LiteralScanner;

/**
 * Makes the matcher of a search.
 * @throws EverwarpError EW_BAD_PATTERN with the text that ripgrep prints after "rg: "
 */
export async function openMatcher(
  { matcher, printer, searcher, lineConditions }: FileSearcherArgs,
  createScanner: CreateScanner,
): Promise<Matcher> {
  const needsGroups =
    printer.replacement !== undefined &&
    namesGroup(printer.replacement) &&
    matcher.fixedStrings !== true &&
    matcher.patterns.some((pattern) => pattern.includes("("));
  const main = await openPlain(matcher, needsGroups, createScanner);
  if (lineConditions === undefined) return main;
  const conditions = await openConditions(lineConditions, matcher, createScanner);
  return new ConditionalMatcher(main, conditions, searcher.lineTerminator);
}

/** Makes the matchers of --file-and and --file-not. @throws as `openMatcher` */
export async function openFileConditions(
  { matcher, fileConditions }: FileSearcherArgs,
  createScanner: CreateScanner,
): Promise<FileCondition[]> {
  return fileConditions === undefined ? [] : await openConditions(fileConditions, matcher, createScanner);
}

/** Each pattern is one of its own: with -S, its own letters decide. */
async function openConditions(
  { all, none }: Conditions,
  matcher: FileSearcherArgs["matcher"],
  createScanner: CreateScanner,
): Promise<{ matcher: Matcher; isWanted: boolean }[]> {
  const open = async (pattern: string, isWanted: boolean): Promise<FileCondition> => ({
    matcher: await openPlain({ ...matcher, patterns: [pattern] }, false, createScanner),
    isWanted,
  });
  return await Promise.all([
    ...all.map((pattern) => open(pattern, true)),
    ...none.map((pattern) => open(pattern, false)),
  ]);
}

async function openPlain(
  matcher: FileSearcherArgs["matcher"],
  needsGroups: boolean,
  createScanner: CreateScanner,
): Promise<Matcher> {
  const options = { ...matcher, createScanner };
  if (matcher.patterns.length > 0 && (needsGroups || needsBytes(matcher)))
    return await openByteMatcher(options);
  try {
    const made = createMatcher(options);
    if (matcher.maxSizeBytes === undefined || isPlainText(made, matcher)) return made;
  } catch (error) {
    if (!isLimit(error)) throw error;
  }
  return await openByteMatcher(options);
}

/** Is nothing compiled, so that no limit of a regex's size holds? To ripgrep, a group that captures is a regex. */
const isPlainText = ({ plan }: Matcher, { fixedStrings, patterns }: ByteMatcherOptions): boolean =>
  plan.kind === "literals" &&
  (fixedStrings === true || !patterns.some((pattern) => /\((?!\?:)/.test(pattern)));

/** Can a match be empty? Of a matcher that does not tell, it is said to be so. */
export function mayMatchEmpty(matcher: Matcher): boolean {
  if (matcher.plan.kind === "literals" || matcher.plan.kind === "nothing") return false;
  const syntax = syntaxOf(matcher);
  return syntax === undefined || canBeEmpty(syntax);
}

/** What may ask for an end of the text: `\A`, `\z`, and `^` and `$` behind `(?-m)`. */
const TEXT_END = /\\[Az]|\(\?\w*-\w*m/;

/** Are matches wanted that the package's engine cannot find? `\A` and `\z` are those of more than a line. */
function needsBytes(options: ByteMatcherOptions): boolean {
  if (options.nullData === true) return true;
  if (options.fixedStrings !== true && options.patterns.some((pattern) => TEXT_END.test(pattern)))
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
