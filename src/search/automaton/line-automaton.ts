/**
 * What finds the matches of a pattern in a line, byte by byte: two tables, and how they are read.
 *
 *   line:   │ f o o   b a r │
 *               ▲ p               forward, from p: where does the leftmost match end?
 *           ◀───── e              reverse, from there: where does it start?
 *
 * Both automata read one byte more than they decide about. A state that is entered with the byte at `at` tells of a
 * match that ends (or, in reverse, starts) before that byte. The end of a line counts as a byte of a class of its own.
 * So every look-around of a pattern is decided by the byte before and the byte after.
 *
 * The tables are made as in A. Gallant's regex-automata (crate `regex-automata`, module `dfa`): leftmost-first order in
 * the forward automaton, all matches in the reverse one.
 */
import { isWordByte } from "../matcher/index.ts";

/** The state from which nothing more is found. */
export const DEAD = 0;
/** The state of a line that the automaton cannot decide. Somebody else must search the whole line. */
export const QUIT = 1;

/** What lies before or behind a place. It chooses the first state. */
export const CONTEXT = {
  /** The line's start or end. */
  EDGE: 0,
  /** An ASCII letter, digit or underscore. */
  WORD: 1,
  /** Any other ASCII byte. */
  OTHER: 2,
  /** A byte of 0x80 and above. */
  HIGH: 3,
} as const;
/** One of `CONTEXT`. */
export type Context = (typeof CONTEXT)[keyof typeof CONTEXT];

/** The `CONTEXT` of a byte. */
export function contextOf(byte: number): Context {
  if (byte >= 0x80) return CONTEXT.HIGH;
  return isWordByte(byte) ? CONTEXT.WORD : CONTEXT.OTHER;
}
