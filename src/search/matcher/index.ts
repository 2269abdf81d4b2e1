/** Patterns in ripgrep's dialect: what to look for, and whether a line matches. */
export { type MatcherOptions, createMatcher } from "./create-matcher.ts";
export { exceptionLiterals } from "./literal-matcher.ts";
export { foldExceptionsOf } from "./plan.ts";
export { classOfEscape, syntaxOf } from "./syntax.ts";
export { canBeEmpty, type Hir, type LookName } from "./hir.ts";
export { isWordByte } from "./word-byte.ts";
