/**
 * A program over bit planes: it finds the lines of a text that match a pattern.
 *
 * Plane k has one bit for each byte of the text: its bit k. A stream has one bit for each byte, too. Streams 0 to 7 are
 * the planes, and stream 8 + n is what step n makes of earlier streams. This is the method of Parabix (R. Cameron and
 * others, "Bitwise Data Parallelism in Regular Expression Matching", 2014).
 */

/** Streams that every program begins with. */
export const PLANE_COUNT = 8;
/** The longest move of one step: a word has 32 places. */
export const ADVANCE_MAX = 31;

/** One step. Operands are numbers of streams. */
export type PlaneStep =
  | { readonly kind: "and" | "or" | "xor" | "without"; readonly left: number; readonly right: number }
  | { readonly kind: "not"; readonly of: number }
  /** Where a bit of `by` is set, the bit of `yes`, else that of `no`. */
  | { readonly kind: "choose"; readonly by: number; readonly yes: number; readonly no: number }
  /** Every bit moves so many places on, 1 to ADVANCE_MAX; `first` comes in at the first place of a text. */
  | { readonly kind: "advance"; readonly of: number; readonly by: number; readonly first: 0 | 1 }
  /**
   * Each bit, and all places behind it that only bits of `set` lie before. `isRare`: `of` and `set` seldom share a bit,
   * so a kernel does well to look before it adds.
   */
  | { readonly kind: "star"; readonly of: number; readonly set: number; readonly isRare: boolean };

/** See the head of this file. Made by `compilePlanes`. */
export interface PlaneProgram {
  readonly steps: readonly PlaneStep[];
  /** The stream of line feeds. */
  readonly feeds: number;
  /** The line feeds that end a line with a match. */
  readonly lines: number;
  /**
   * Those of `lines` that may have no match after all: these lines have bytes beyond ASCII, and must be verified.
   * Undefined where there are none.
   */
  readonly doubts: number | undefined;
  /** It asks where lines begin; it does not know that one begins behind a byte order mark. */
  readonly seesLineStart: boolean;
}
