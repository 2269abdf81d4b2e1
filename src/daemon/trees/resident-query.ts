/** Which searches can be answered from memory, and what the engine is asked for them. */
import type { GrepOptions, Query } from "../../search/index.ts";

type Searcher = GrepOptions["searcher"]["searcher"];
type MatcherChoice = GrepOptions["searcher"]["matcher"];

/** Options that change nothing here, or that the printer and the searcher heed when they are given hits. */
const SEARCHER_OPTIONS: ReadonlySet<string> = new Set<keyof Searcher>([
  "directory",
  "lineTerminator",
  "crlf",
  "invertMatch",
  "beforeContext",
  "afterContext",
  "passthru",
  "lineNumber",
  "maxCount",
  "stopOnNonmatch",
  "binaryExplicit",
  "binaryImplicit",
  "encoding",
  "asOnePiece",
  "windowBytes",
]);
const MATCHER_OPTIONS: ReadonlySet<string> = new Set<keyof MatcherChoice>([
  "patterns",
  "fixedStrings",
  "caseMode",
  "wordRegexp",
  "lineRegexp",
  "unicode",
  "crlf",
  "allowNul",
]);

/**
 * The question for the engine.
 * @returns undefined where only the files themselves can tell. So does an option that is not known here
 */
export function residentQuery({ mode, searcher: options }: GrepOptions): Query | undefined {
  const { searcher, matcher, preprocessor, lineConditions, fileConditions } = options;
  if (preprocessor !== undefined) return undefined;
  if (lineConditions !== undefined || fileConditions !== undefined) return undefined;
  if (mode.kind !== "search" || !knowsAll(searcher, SEARCHER_OPTIONS) || !knowsAll(matcher, MATCHER_OPTIONS))
    return undefined;
  const { encoding, lineTerminator } = searcher;
  const { caseMode, crlf, fixedStrings, lineRegexp, patterns, unicode, wordRegexp } = matcher;
  if (encoding !== "auto" || lineTerminator !== 10 || crlf || !unicode || patterns.length === 0)
    return undefined;
  return {
    pattern: patterns.length === 1 ? (patterns[0] as string) : patterns,
    fixedStrings,
    ignoreCase: caseMode === "insensitive",
    smartCase: caseMode === "smart",
    wordRegexp,
    lineRegexp,
  };
}

/** Does the object ask for nothing but these options? */
function knowsAll(options: object, known: ReadonlySet<string>): boolean {
  return Object.entries(options).every(
    ([name, value]) => known.has(name) || value === undefined || value === false || value === null,
  );
}
