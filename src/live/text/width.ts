/** How many columns of a terminal a text takes. */
import stringWidth from "string-width";

const PLAIN = /^[\x20-\x7e]*$/;
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns of a text without control characters. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** Units of a text that are looked at for each column; a character of more is left out. */
const UNITS_PER_COLUMN = 16;

/** As `firstColumns`, of the end of a text. */
export function lastColumns(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (PLAIN.test(text)) return text.slice(-columns);
  const near = text.slice(-columns * UNITS_PER_COLUMN);
  const segments = [...segmenter.segment(near)];
  let begin = near.length;
  for (let width = 0, at = segments.length - 1; at >= 0; at--) {
    const { segment, index } = segments[at] as Intl.SegmentData;
    width += stringWidth(segment);
    if (width > columns) break;
    begin = index;
  }
  return near.slice(begin);
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
  for (const { segment } of segmenter.segment(text)) {
    const next = width + stringWidth(segment);
    if (next > columns) break;
    width = next;
    end += segment.length;
  }
  return { text: text.slice(0, end), width };
}
