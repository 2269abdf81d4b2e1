/** What a terminal may be given: text in which nothing is an order to the terminal. */

import { widthOf } from "./width.ts";

const PLAIN = /^[\x20-\x7e]*$/;
/** Columns from one tab stop to the next. */
const TAB_COLUMNS = 4;

/**
 * All characters that are not visible: controls (C0, DEL, C1), characters that change the direction of writing,
 * characters without a glyph, line separators, private characters and lone surrogates.
 */
const HIDDEN =
  // eslint-disable-next-line no-control-regex
  /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]/gu;

/**
 * Text as it is shown. Tabs become spaces; every other character that is not visible becomes its caret form (`^[`) or
 * its number (`<202E>`).
 *
 * @param column the column at which the text begins, for tabs
 * @param lastColumn text behind the first tab beyond this column is left out
 */
export function shownText(text: string, column = 0, lastColumn = Infinity): string {
  if (PLAIN.test(text)) return text;
  if (!text.includes("\t")) return text.replace(HIDDEN, escaped);
  let shown = "";
  let at = column;
  for (const [index, part] of text.split("\t").entries()) {
    if (index > 0) {
      const gap = TAB_COLUMNS - (at % TAB_COLUMNS);
      shown += " ".repeat(gap);
      at += gap;
    }
    if (at > lastColumn) break;
    const visible = part.replace(HIDDEN, escaped);
    shown += visible;
    at += widthOf(visible);
  }
  return shown;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
  if (code === 0x7f) return "^?";
  return `<${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}
