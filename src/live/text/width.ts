/**
 * How many columns of a terminal a text takes.
 *
 * What a character takes comes from string-width, which is too slow to be asked for every character of every frame. So
 * the answers are kept, and text in which no two code points can be one character is not searched for characters.
 */
import stringWidth from "string-width";

const PLAIN = /^[\x20-\x7e]*$/;
/**
 * Text in which each code point is a character of its own. Such text has no marks, joiners, modifiers or flags. It also
 * has no letters that join: those of Hangul syllables, and a few others (Grapheme_Cluster_Break in Unicode).
 */
const SEPARATE =
  /^[^\p{M}\p{C}\p{Emoji_Modifier}\p{Regional_Indicator}\u0d4e\u0e33\u0eb3\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff\uff9e\uff9f]*$/u;
/** Characters whose width is kept; there are not many on a screen. */
const KEPT_WIDTHS = 20_000;
/** Units of a text that are looked at for each column; a character of more is left out. */
const UNITS_PER_COLUMN = 16;

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
const widths = new Map<string, number>();

/** Characters, as people see them. */
function* charactersOf(text: string): Generator<string> {
  if (SEPARATE.test(text)) yield* text;
  else for (const { segment } of segmenter.segment(text)) yield segment;
}

function characterWidth(character: string): number {
  const known = widths.get(character);
  if (known !== undefined) return known;
  if (widths.size >= KEPT_WIDTHS) widths.clear();
  const width = stringWidth(character);
  widths.set(character, width);
  return width;
}

/** Columns of a text without control characters. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of charactersOf(text)) width += characterWidth(character);
  return width;
}

/** As `firstColumns`, of the end of a text. */
export function lastColumns(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (PLAIN.test(text)) return text.slice(-columns);
  const characters = [...charactersOf(text.slice(-columns * UNITS_PER_COLUMN))];
  let kept = "";
  for (let width = 0, at = characters.length - 1; at >= 0; at--) {
    const character = characters[at] as string;
    width += characterWidth(character);
    if (width > columns) break;
    kept = character + kept;
  }
  return kept;
}

/**
 * As much of the beginning of a text as fits into some columns, by whole characters as people see them.
 * @returns the text, and the columns that it takes
 */
export function firstColumns(text: string, columns: number): { text: string; width: number } {
  if (columns <= 0) return { text: "", width: 0 };
  if (PLAIN.test(text)) {
    const taken = text.slice(0, columns);
    return { text: taken, width: taken.length };
  }
  let end = 0;
  let width = 0;
  for (const character of charactersOf(text)) {
    const next = width + characterWidth(character);
    if (next > columns) break;
    width = next;
    end += character.length;
  }
  return { text: text.slice(0, end), width };
}

/** The beginning of a text: all that can be of use where so many columns are left, and one unit more. */
export function nearStart(text: string, columns: number): string {
  return text.slice(0, columns * UNITS_PER_COLUMN + 1);
}
