/**
 * Lines that must match further patterns, or must not (--and, --not): a matcher that asks other matchers too.
 *
 * Invariants: a line that the matcher finds a match in meets all conditions. Its matches are those of the main pattern.
 * Its plan and its candidates are never exact, since a line with the main pattern may still break a condition.
 */
import type { Matcher, MatcherPlan, MatchGroups } from "../../contracts.ts";

/** A pattern that a line must match, or must not. */
export interface LineCondition {
  readonly matcher: Matcher;
  /** Must the line match? */
  readonly isWanted: boolean;
}

/** Finds the matches of a pattern, in the lines that meet all conditions. It searches line by line. */
export class ConditionalMatcher implements Matcher {
  readonly plan: MatcherPlan;
  readonly candidatesAreExact = false;
  readonly seesBefore: boolean;
  readonly groups?: MatchGroups;
  readonly #main: Matcher;
  readonly #conditions: readonly LineCondition[];
  readonly #terminator: number;

  /** @param terminator ends a line */
  constructor(main: Matcher, conditions: readonly LineCondition[], terminator: number) {
    // What was all that was to be found is now only what must be there.
    this.plan = main.plan.kind === "literals" ? { ...main.plan, kind: "filter" } : main.plan;
    this.seesBefore = main.seesBefore === true;
    if (main.groups !== undefined) this.groups = main.groups;
    this.#main = main;
    this.#conditions = conditions;
    this.#terminator = terminator;
  }

  get matchStart(): number {
    return this.#main.matchStart;
  }

  get matchEnd(): number {
    return this.#main.matchEnd;
  }

  findInLine(bytes: Uint8Array, lineStart: number, lineEnd: number, from: number): boolean {
    if (!this.#main.findInLine(bytes, lineStart, lineEnd, from)) return false;
    // Whoever looks for a further match of a line has found its first one, so the line meets the conditions. Some give
    // what lies before the line too: the line begins behind a terminator then.
    const isFirst = from === lineStart || bytes[from - 1] === this.#terminator;
    return !isFirst || this.#meetsAll(bytes, from, lineEnd);
  }

  findCandidate(bytes: Uint8Array, from: number, end: number): number {
    return this.#main.findCandidate(bytes, from, end);
  }

  #meetsAll(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#conditions.every(
      ({ matcher, isWanted }) => matcher.findInLine(bytes, start, end, start) === isWanted,
    );
  }
}
