/** A line of a file on the screen: its matches stand out, and a long line is cut around its first match. */
import type { LineExcerpt } from "../source/index.ts";
import { type LineBuilder, shownText, type Style, widthOf } from "../text/index.ts";

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
  const column = line.width;
  const lead = parts[0]?.isMatch === false && parts.length > 1 ? parts[0].text : "";
  const match = widthOf(shownOf(parts[1]?.text ?? "", 0));
  const tail = parts.slice(2).reduce((width, { text }) => width + widthOf(shownOf(text, 0)), 0);
  const cut = leadToDrop(lead, match, tail, line.left, column);
  const isLeadCut = excerpt.isCutBefore || cut > 0;
  if (isLeadCut) line.add(CUT, look.base);
  for (const [index, { text, isMatch }] of parts.entries())
    line.add(index === 0 && !isMatch ? text.slice(cut) : text, isMatch ? matchStyle : look.base);
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

/** How much of the text before the first match goes, so that the match can be seen. UTF-16 units. */
function leadToDrop(lead: string, match: number, tail: number, room: number, column: number): number {
  const fits = (text: string): boolean => widthOf(shownOf(text, column)) + match <= room;
  if (fits(lead)) return 0;
  // A third of the room is left to what lies before the match, and what the text behind it does not need.
  const kept = Math.max(
    0,
    Math.min(Math.max(Math.floor(room / 3), room - match - tail - 1), room - match - 2),
  );
  let from = Math.max(0, lead.length - kept);
  while (from < lead.length && widthOf(shownOf(lead.slice(from), column)) > kept) from++;
  // Not in the middle of a character.
  if (/^[\udc00-\udfff]/.test(lead.slice(from))) from++;
  return from;
}

function shownOf(text: string, column: number): string {
  return shownText(text, column, widthOf);
}
