/** Patterns in ripgrep's dialect: what to look for, and whether a line matches. */
export { type MatcherOptions, createMatcher } from "./create-matcher.ts";
export { foldExceptionsOf } from "./plan.ts";
