/** A line of a file on the screen: its matches stand out, and a long line is cut around its first match. */
import type { LineExcerpt } from "../source/index.ts";
import {
  firstColumns,
  lastColumns,
  type LineBuilder,
  nearStart,
  shownText,
  type Style,
} from "../text/index.ts";

/** How an excerpt is shown. */
export interface ExcerptLook {
  readonly base: Style;
  /** Leaves out the white space before the text. */
  readonly isTrimmed: boolean;
}

/** A part of a line that matches, or that does not. */
interface Part {
  readonly text: string;
  readonly isMatch: boolean;
}

const CUT = "…";

/** Adds the text of an excerpt to a line of the screen. Bytes that are not UTF-8 are U+FFFD. */
export function addExcerpt(line: LineBuilder, excerpt: LineExcerpt | undefined, look: ExcerptLook): void {
  if (excerpt === undefined) {
    line.add("(the file has changed on disk)", look.base === "selected" ? "selected" : "faint");
    return;
  }
  const parts = partsOf(excerpt);
  if (look.isTrimmed && !excerpt.isCutBefore && parts[0]?.isMatch === false)
    parts[0] = { ...parts[0], text: parts[0].text.trimStart() };
  const matchStyle: Style = look.base === "selected" ? "selected-match" : "match";
  const lead = parts[0]?.isMatch === false && parts.length > 1 ? parts[0].text : undefined;
  const shown = lead === undefined ? undefined : shownLead(lead, parts.slice(1), line);
  if (excerpt.isCutBefore || shown?.isCut === true) line.add(CUT, look.base);
  for (const [index, { text, isMatch }] of parts.entries())
    line.add(index === 0 && shown !== undefined ? shown.text : text, isMatch ? matchStyle : look.base);
  if (excerpt.isCutAfter) line.add(CUT, look.base);
}

function partsOf({ bytes, matches }: LineExcerpt): Part[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Part[] = [];
  let at = 0;
  const add = (end: number, isMatch: boolean): void => {
    if (end > at) parts.push({ text: buffer.toString("utf8", at, end), isMatch });
    at = Math.max(at, end);
  };
  for (const { begin, end } of matches) {
    add(begin, false);
    add(end, true);
  }
  add(bytes.length, false);
  return parts;
}

/** As much of the text before the first match as leaves room for the match. It is escaped. */
function shownLead(
  lead: string,
  [match, ...tail]: readonly Part[],
  { left, width }: LineBuilder,
): { text: string; isCut: boolean } {
  const shown = shownText(lead, width);
  const matchWidth = widthWithin(match?.text ?? "", left);
  if (widthWithin(shown, left) + matchWidth <= left) return { text: shown, isCut: false };
  const tailWidth = tail.reduce((sum, { text }) => sum + widthWithin(text, left), 0);
  // A third of the room is left to what lies before the match, and what the text behind it does not need.
  const wanted = Math.max(Math.floor(left / 3), left - matchWidth - tailWidth - CUT.length);
  return { text: lastColumns(shown, Math.min(wanted, left - matchWidth - 2)), isCut: true };
}

/** Columns of a text; more than a limit is told as one more. */
function widthWithin(text: string, limit: number): number {
  const near = nearStart(text, limit);
  const shown = shownText(near, 0, limit);
  const { text: fitting, width } = firstColumns(shown, limit);
  return fitting.length < shown.length || near.length < text.length ? limit + 1 : width;
}
