/** What assertions see beside a place in a text, and whether they hold there. */
import { classOfEscape, type LookName, sequenceLength } from "../matcher/index.ts";

/** What stands on one side of a place. `HIGH`: a byte of 80 or above that was not looked at yet. */
export const SIDE = {
  EDGE: 0,
  LINE_FEED: 1,
  CARRIAGE_RETURN: 2,
  WORD: 3,
  OTHER: 4,
  /** A word character beyond ASCII. */
  HIGH_WORD: 5,
  HIGH_OTHER: 6,
  /** No valid character. */
  INVALID: 7,
  HIGH: 8,
} as const;
/** One of `SIDE`. */
export type Side = (typeof SIDE)[keyof typeof SIDE];

const ASCII_SIDES: readonly Side[] = Array.from({ length: 128 }, (_, byte): Side => {
  if (byte === 10) return SIDE.LINE_FEED;
  if (byte === 13) return SIDE.CARRIAGE_RETURN;
  return /\w/.test(String.fromCharCode(byte)) ? SIDE.WORD : SIDE.OTHER;
});

/** What a byte is, seen alone. */
export const sideOfByte = (byte: number): Side => (byte < 0x80 ? (ASCII_SIDES[byte] as Side) : SIDE.HIGH);

/** What stands before `at` in the text bytes[start, end). */
export function sideBefore(bytes: Uint8Array, start: number, at: number): Side {
  if (at <= start) return SIDE.EDGE;
  const side = sideOfByte(bytes[at - 1] as number);
  if (side !== SIDE.HIGH) return side;
  for (let length = 2; length <= 4 && at - length >= start; length++) {
    if (sequenceLength(bytes, at - length, at) === length) return sideOfCharacter(bytes, at - length, length);
  }
  return SIDE.INVALID;
}

/** What stands behind `at` in the text bytes[start, end). */
export function sideAfter(bytes: Uint8Array, at: number, end: number): Side {
  if (at >= end) return SIDE.EDGE;
  const side = sideOfByte(bytes[at] as number);
  if (side !== SIDE.HIGH) return side;
  const length = sequenceLength(bytes, at, end);
  return length === 0 ? SIDE.INVALID : sideOfCharacter(bytes, at, length);
}

function sideOfCharacter(bytes: Uint8Array, at: number, length: number): Side {
  let code = (bytes[at] as number) & (0x7f >> length);
  for (let index = 1; index < length; index++) code = (code << 6) | ((bytes[at + index] as number) & 0x3f);
  return isWordCharacter(code) ? SIDE.HIGH_WORD : SIDE.HIGH_OTHER;
}

function isWordCharacter(code: number): boolean {
  const ranges = classOfEscape(String.raw`\w`);
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as readonly [number, number])[1] < code) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length && (ranges[low] as readonly [number, number])[0] <= code;
}

const isWord = (side: Side): boolean => side === SIDE.WORD || side === SIDE.HIGH_WORD;
const isAsciiWord = (side: Side): boolean => side === SIDE.WORD;
/** An assertion that is a negation, or half of one, never holds beside bytes that are no characters. */
const isNoWord = (side: Side): boolean => side !== SIDE.INVALID && !isWord(side);

/** Do the bytes of characters beyond ASCII matter to the assertion? */
export const seesCharacters = (name: LookName): boolean => name.includes("Unicode");

/** As in the crate `regex-automata`, `util::look`. */
export const HOLDS: Readonly<Record<LookName, (before: Side, after: Side) => boolean>> = {
  Start: (before) => before === SIDE.EDGE,
  End: (_, after) => after === SIDE.EDGE,
  StartLF: (before) => before === SIDE.EDGE || before === SIDE.LINE_FEED,
  EndLF: (_, after) => after === SIDE.EDGE || after === SIDE.LINE_FEED,
  StartCRLF: (before, after) =>
    before === SIDE.EDGE ||
    before === SIDE.LINE_FEED ||
    (before === SIDE.CARRIAGE_RETURN && after !== SIDE.LINE_FEED),
  EndCRLF: (before, after) =>
    after === SIDE.EDGE ||
    after === SIDE.CARRIAGE_RETURN ||
    (after === SIDE.LINE_FEED && before !== SIDE.CARRIAGE_RETURN),
  WordAscii: (before, after) => isAsciiWord(before) !== isAsciiWord(after),
  WordAsciiNegate: (before, after) => isAsciiWord(before) === isAsciiWord(after),
  WordStartAscii: (before, after) => !isAsciiWord(before) && isAsciiWord(after),
  WordEndAscii: (before, after) => isAsciiWord(before) && !isAsciiWord(after),
  WordStartHalfAscii: (before) => !isAsciiWord(before),
  WordEndHalfAscii: (_, after) => !isAsciiWord(after),
  WordUnicode: (before, after) => isWord(before) !== isWord(after),
  WordUnicodeNegate: (before, after) =>
    before !== SIDE.INVALID && after !== SIDE.INVALID && isWord(before) === isWord(after),
  WordStartUnicode: (before, after) => !isWord(before) && isWord(after),
  WordEndUnicode: (before, after) => isWord(before) && !isWord(after),
  WordStartHalfUnicode: (before) => isNoWord(before),
  WordEndHalfUnicode: (_, after) => isNoWord(after),
};
