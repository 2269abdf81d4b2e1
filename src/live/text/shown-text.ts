/** What a terminal may be given: text in which nothing is an order to the terminal. */

/** Columns from one tab stop to the next. */
const TAB_COLUMNS = 4;

/**
 * Everything that is no visible character: controls (C0, DEL, C1), characters that turn the direction of writing or
 * that nobody sees, line separators, private ones and halves of surrogates.
 */
const HIDDEN =
  // eslint-disable-next-line no-control-regex
  /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]/gu;

/**
 * Text as it is shown. Tabs become spaces; every other character that is not visible becomes its caret form (`^[`) or
 * its number (`<202E>`).
 *
 * @param column the column at which the text begins, for tabs
 * @param measure how wide a text without tabs is
 */
export function shownText(text: string, column: number, measure: (text: string) => number): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  if (!text.includes("\t")) return text.replace(HIDDEN, escaped);
  let at = column;
  return text
    .split("\t")
    .map((part, index, parts) => {
      const shown = part.replace(HIDDEN, escaped);
      at += measure(shown);
      if (index === parts.length - 1) return shown;
      const gap = TAB_COLUMNS - (at % TAB_COLUMNS);
      at += gap;
      return shown + " ".repeat(gap);
    })
    .join("");
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
  if (code === 0x7f) return "^?";
  return `<${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}
