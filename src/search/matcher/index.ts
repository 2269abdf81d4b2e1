/** Patterns in ripgrep's dialect: what to look for, and whether a line matches. */
export {
  type MatcherOptions,
  createMatcher,
  isLineText,
  patternText,
  withPatterns,
} from "./create-matcher.ts";
export { exceptionLiterals } from "./literal-matcher.ts";
export { sequenceLength } from "./line-haystack.ts";
export { TOKEN } from "./pattern-syntax.ts";
export { foldExceptionsOf, planFor } from "./plan.ts";
export { badPattern, notAllowed, nulPattern } from "./regex-matcher.ts";
export { classOfEscape, parsePackageSyntax, syntaxOf, syntaxOfPatterns } from "./syntax.ts";
export { canBeEmpty, type Hir, type LookName, readHir } from "./hir.ts";
export { unloadRegexEngine } from "./regex-engine.ts";
export { isWordByte } from "./word-byte.ts";
