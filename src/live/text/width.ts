/** How many columns of a terminal a text takes. */
import stringWidth from "string-width";

const PLAIN = /^[\x20-\x7e]*$/;
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns of a text without control characters. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
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
