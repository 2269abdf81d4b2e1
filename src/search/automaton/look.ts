/** Look-around: whether an assertion holds between two places, as far as the bytes beside it tell. */
import type { LookName } from "../matcher/index.ts";
import { CONTEXT, type Context } from "./line-automaton.ts";

/** What an assertion sees on one side. HIGH is resolved into one of the last three before an assertion is asked. */
export const SIDE = { EDGE: 0, WORD: 1, OTHER: 2, INVALID: 3 } as const;
/** One of `SIDE`. */
export type Side = (typeof SIDE)[keyof typeof SIDE];

/** A byte of 0x80 and above is part of a word character, of another character, or of no valid character. */
const HIGH_SIDES: readonly Side[] = [SIDE.WORD, SIDE.OTHER, SIDE.INVALID];

/** All that a context may turn out to be for an assertion that knows Unicode. */
export const sidesOf = (context: Context): readonly Side[] =>
  context === CONTEXT.HIGH ? HIGH_SIDES : SINGLE_SIDES[context];

const SINGLE_SIDES: Readonly<Record<number, readonly Side[]>> = {
  [CONTEXT.EDGE]: [SIDE.EDGE],
  [CONTEXT.WORD]: [SIDE.WORD],
  [CONTEXT.OTHER]: [SIDE.OTHER],
};

/** One side of a place, for both kinds of assertions. */
export interface Sight {
  readonly context: Context;
  /** What `context` turned out to be. */
  readonly side: Side;
}

/** The assertion that holds where `name` holds in the reversed text. */
export const REVERSED_LOOKS: Partial<Record<LookName, LookName>> = {
  StartLF: "EndLF",
  EndLF: "StartLF",
  WordStartAscii: "WordEndAscii",
  WordEndAscii: "WordStartAscii",
  WordStartUnicode: "WordEndUnicode",
  WordEndUnicode: "WordStartUnicode",
  WordStartHalfAscii: "WordEndHalfAscii",
  WordEndHalfAscii: "WordStartHalfAscii",
  WordStartHalfUnicode: "WordEndHalfUnicode",
  WordEndHalfUnicode: "WordStartHalfUnicode",
};

/** Is the assertion decided by one byte on each side? Those of CRLF and of the whole text's ends are not. */
export const isKnownLook = (name: LookName): boolean => name in HOLDS;

/** Does the assertion hold between `before` and `after`? */
export const holds = (name: LookName, before: Sight, after: Sight): boolean =>
  (HOLDS[name] as (before: Sight, after: Sight) => boolean)(before, after);

const isAsciiWord = ({ context }: Sight): boolean => context === CONTEXT.WORD;
const isWord = ({ side }: Sight): boolean => side === SIDE.WORD;
const isInvalid = ({ side }: Sight): boolean => side === SIDE.INVALID;

/**
 * As in the crate `regex-automata`, `util::look`. An assertion that is a negation, or half of one, never holds beside
 * bytes that are no valid UTF-8.
 */
const HOLDS: Partial<Record<LookName, (before: Sight, after: Sight) => boolean>> = {
  StartLF: (before) => before.context === CONTEXT.EDGE,
  EndLF: (_, after) => after.context === CONTEXT.EDGE,
  WordAscii: (before, after) => isAsciiWord(before) !== isAsciiWord(after),
  WordAsciiNegate: (before, after) => isAsciiWord(before) === isAsciiWord(after),
  WordStartAscii: (before, after) => !isAsciiWord(before) && isAsciiWord(after),
  WordEndAscii: (before, after) => isAsciiWord(before) && !isAsciiWord(after),
  WordStartHalfAscii: (before) => !isAsciiWord(before),
  WordEndHalfAscii: (_, after) => !isAsciiWord(after),
  WordUnicode: (before, after) => isWord(before) !== isWord(after),
  WordUnicodeNegate: (before, after) =>
    !isInvalid(before) && !isInvalid(after) && isWord(before) === isWord(after),
  WordStartUnicode: (before, after) => !isWord(before) && isWord(after),
  WordEndUnicode: (before, after) => isWord(before) && !isWord(after),
  WordStartHalfUnicode: (before) => !isInvalid(before) && !isWord(before),
  WordEndHalfUnicode: (_, after) => !isInvalid(after) && !isWord(after),
};
