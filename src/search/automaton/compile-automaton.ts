/** From a parsed pattern to its automata. */
import type { LineAutomaton } from "../contracts.ts";
import { canBeEmpty, type Hir } from "../matcher/index.ts";
import { classesOf } from "./byte-classes.ts";
import { type ByteNfa, compileNfa } from "./byte-nfa.ts";
import { rangesOf } from "./class-ranges.ts";
import { determinize } from "./determinize.ts";

/** How large an automaton may become. */
export interface AutomatonLimits {
  /** States of the pattern before it is made deterministic. */
  readonly maxNfaStates: number;
  /** The same where the classes are those of all Unicode. Beyond, the construction is not even tried. */
  readonly maxUnicodeNfaStates: number;
  /** States of each table. */
  readonly maxStates: number;
  /** Steps of the construction of each table. A million take some ten milliseconds. */
  readonly maxSteps: number;
}

/** What a pattern may cost before its first answer. */
export const AUTOMATON_LIMITS: AutomatonLimits = {
  maxNfaStates: 20_000,
  maxUnicodeNfaStates: 2_500,
  maxStates: 4_000,
  maxSteps: 300_000,
};

/**
 * Makes the automata of a pattern whose classes hold no line feed.
 *
 * Where all of Unicode makes them too large, a line is left undecided if it matches only with characters beyond ASCII.
 * @returns undefined where no automaton of this kind can decide the pattern, or only a larger one
 */
export function compileAutomaton(
  hir: Hir,
  limits: AutomatonLimits = AUTOMATON_LIMITS,
): LineAutomaton | undefined {
  return compile(hir, false, limits) ?? compile(hir, true, limits);
}

function compile(hir: Hir, isAsciiOnly: boolean, limits: AutomatonLimits): LineAutomaton | undefined {
  const maxStates = isAsciiOnly ? limits.maxNfaStates : limits.maxUnicodeNfaStates;
  const nfa = (isReversed: boolean): ByteNfa | undefined =>
    compileNfa(hir, { isReversed, isAsciiOnly, maxStates, rangesOf });
  const forwardNfa = nfa(false);
  const reverseNfa = forwardNfa && nfa(true);
  if (forwardNfa === undefined || reverseNfa === undefined) return undefined;
  const classes = classesOf([forwardNfa, reverseNfa]);
  const forward = determinize(forwardNfa, classes, { order: "leftmost", ...limits });
  const reverse = forward && determinize(reverseNfa, classes, { order: "all", ...limits });
  if (forward === undefined || reverse === undefined) return undefined;
  const { byteClass, classCount, edgeClass, asciiClassCount } = classes;
  return { byteClass, classCount, edgeClass, asciiClassCount, forward, reverse, canBeEmpty: canBeEmpty(hir) };
}
