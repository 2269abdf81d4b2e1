/**
 * Characters as a reader sees them, in bytes that are nearly UTF-8: the extended grapheme clusters of Unicode
 * Standard Annex 29. ripgrep counts columns by them. They are found one at a time, so a preview of a long
 * line costs only what is shown.
 */
import { CHARACTER_CLASS, CHARACTER_RUNS } from "./generated/character-classes.ts";

const {
  OTHER,
  CR,
  LF,
  CONTROL,
  EXTEND,
  ZWJ,
  SPACINGMARK,
  PREPEND,
  REGIONAL_INDICATOR,
  L,
  V,
  T,
  PICTOGRAPHIC,
} = CHARACTER_CLASS;
/** Syllables of Hangul: one kind ends with a vowel, the other with a consonant. */
const LV = PICTOGRAPHIC + 1;
const LVT = LV + 1;
const SYLLABLES_BEGIN = 0xac00;
const SYLLABLES_END = 0xd7a4;
const SYLLABLES_PER_LV = 28;

/** Code points below this have their class in a table. Those behind it are in one plane only. */
const TABLE_END = 0x2_0000;
const TAGS_BEGIN = 0xe_0000;
const TAGS_END = 0xe_1000;

/** Class of each code point below `TABLE_END`, then of those from `TAGS_BEGIN` on. */
let table: Uint8Array | undefined;

function makeTable(): Uint8Array {
  const classes = new Uint8Array(TABLE_END + TAGS_END - TAGS_BEGIN);
  let at = 0;
  for (const run of CHARACTER_RUNS.split(" ")) {
    const [gap, count, number] = run.split(".").map((digits) => Number.parseInt(digits, 36)) as [
      number,
      number,
      number,
    ];
    const from = at + gap;
    at = from + count;
    const move = from < TABLE_END ? 0 : TAGS_BEGIN - TABLE_END;
    classes.fill(number, from - move, at - move);
  }
  return classes;
}

function classOf(code: number): number {
  if (code >= SYLLABLES_BEGIN && code < SYLLABLES_END)
    return (code - SYLLABLES_BEGIN) % SYLLABLES_PER_LV === 0 ? LV : LVT;
  table ??= makeTable();
  if (code < TABLE_END) return table[code] as number;
  return code >= TAGS_BEGIN && code < TAGS_END ? (table[code - TAGS_BEGIN + TABLE_END] as number) : OTHER;
}

/**
 * Length of the UTF-8 sequence at `at`. For a broken sequence, the negated length of its longest valid
 * beginning, at most −1.
 */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length =
    first >= 0xc2 && first < 0xe0
      ? 2
      : first >= 0xe0 && first < 0xf0
        ? 3
        : first >= 0xf0 && first < 0xf5
          ? 4
          : 0;
  if (length === 0) return -1;
  // After some first bytes, the second byte has a smaller range: no surrogates, nothing overlong, nothing
  // above U+10FFFF.
  let low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  let high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  for (let count = 1; count < length; count++) {
    const next = at + count < end ? (bytes[at + count] as number) : 0;
    if (next < low || next > high) return -count;
    low = 0x80;
    high = 0xbf;
  }
  return length;
}

function decode(bytes: Uint8Array, at: number, length: number): number {
  const first = bytes[at] as number;
  if (length === 1) return first;
  let code = first & (0x7f >> length);
  for (let count = 1; count < length; count++) code = (code << 6) | ((bytes[at + count] as number) & 0x3f);
  return code;
}

/** Rules GB3 to GB9b, which depend on two neighbours only. */
function isJoined(before: number, behind: number): boolean {
  if (before === CR) return behind === LF;
  if (before === LF || before === CONTROL || behind === CR || behind === LF || behind === CONTROL)
    return false;
  if (behind === EXTEND || behind === ZWJ || behind === SPACINGMARK || before === PREPEND) return true;
  if (before === L) return behind === L || behind === V || behind === LV || behind === LVT;
  if (before === LV || before === V) return behind === V || behind === T;
  return (before === LVT || before === T) && behind === T;
}

/** Index after the character that begins at `at`. A broken sequence is a character. */
function endOfCharacter(bytes: Uint8Array, at: number, end: number): number {
  const length = sequenceLength(bytes, at, end);
  if (length < 0) return at - length;
  let next = at + length;
  let before = classOf(decode(bytes, at, length));
  /** The code points so far end with a picture and its extensions. A joiner there waits for one more picture. */
  let isPicture = before === PICTOGRAPHIC;
  let indicators = before === REGIONAL_INDICATOR ? 1 : 0;
  while (next < end) {
    const step = sequenceLength(bytes, next, end);
    if (step < 0) break;
    const behind = classOf(decode(bytes, next, step));
    const isJoinedPicture = behind === PICTOGRAPHIC && isPicture && before === ZWJ;
    const isFlag = behind === REGIONAL_INDICATOR && before === REGIONAL_INDICATOR && indicators % 2 === 1;
    if (!isJoinedPicture && !isFlag && !isJoined(before, behind)) break;
    isPicture =
      behind === PICTOGRAPHIC || (isPicture && (behind === EXTEND || (behind === ZWJ && before !== ZWJ)));
    indicators = behind === REGIONAL_INDICATOR ? indicators + 1 : 0;
    before = behind;
    next += step;
  }
  return next;
}

/** Index after the first `count` characters of bytes[start, end). Each broken sequence counts as one character. */
export function endOfCharacters(bytes: Uint8Array, start: number, end: number, count: number): number {
  let at = start;
  for (let left = count; left > 0 && at < end; left--) {
    const isPlain =
      (bytes[at] as number) < 0x80 &&
      (bytes[at] as number) !== 13 &&
      (at + 1 >= end || (bytes[at + 1] as number) < 0x80);
    at = isPlain ? at + 1 : endOfCharacter(bytes, at, end);
  }
  return at;
}
