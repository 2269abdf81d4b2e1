/** One line of text that is edited. A field never changes: every edit gives a new one. */
import type { KeyEvent } from "../keys/index.ts";

/** A longer text is cut: it is no pattern that somebody meant. */
const MAX_LENGTH = 4096;

/** A text with a cursor. */
export interface TextField {
  readonly text: string;
  /** UTF-16 units before the cursor. */
  readonly cursor: number;
}

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** A field with the cursor at its end. */
export function textField(text = ""): TextField {
  const kept = text.slice(0, MAX_LENGTH);
  return { text: kept, cursor: kept.length };
}

/** Puts a text at the cursor. */
export function inserted({ text, cursor }: TextField, added: string): TextField {
  const taken = added.slice(0, MAX_LENGTH - text.length);
  return { text: text.slice(0, cursor) + taken + text.slice(cursor), cursor: cursor + taken.length };
}

/** What a key does to a field, by the habits of shells. @returns undefined for a key that edits nothing */
export function edited(field: TextField, { name, hasControl, hasAlt }: KeyEvent): TextField | undefined {
  if (name === "backspace") return removed(field, hasAlt ? wordBefore(field) : before(field), field.cursor);
  if (name === "delete") return removed(field, field.cursor, behind(field));
  if (name === "left") return { ...field, cursor: hasControl || hasAlt ? wordBefore(field) : before(field) };
  if (name === "right") return { ...field, cursor: hasControl || hasAlt ? wordBehind(field) : behind(field) };
  if (name === "home") return { ...field, cursor: 0 };
  if (name === "end") return { ...field, cursor: field.text.length };
  return hasControl ? editedByLetter(field, name) : undefined;
}

function editedByLetter(field: TextField, name: string): TextField | undefined {
  const { text, cursor } = field;
  switch (name) {
    case "letter-a":
      return { text, cursor: 0 };
    case "letter-e":
      return { text, cursor: text.length };
    case "letter-b":
      return { text, cursor: before(field) };
    case "letter-f":
      return { text, cursor: behind(field) };
    case "letter-k":
      return removed(field, cursor, text.length);
    case "letter-u":
      return removed(field, 0, cursor);
    case "letter-w":
      return removed(field, wordBefore(field), cursor);
    default:
      return undefined;
  }
}

function removed({ text }: TextField, begin: number, end: number): TextField {
  return { text: text.slice(0, begin) + text.slice(end), cursor: begin };
}

/** The cursor, one character back, as people see characters. */
function before({ text, cursor }: TextField): number {
  let last = 0;
  for (const { index } of segmenter.segment(text.slice(0, cursor))) last = index;
  return last;
}

function behind({ text, cursor }: TextField): number {
  const [next] = segmenter.segment(text.slice(cursor));
  return cursor + (next?.segment.length ?? 0);
}

function wordBefore({ text, cursor }: TextField): number {
  return text.slice(0, cursor).search(/\S+\s*$/) >= 0 ? text.slice(0, cursor).search(/\S+\s*$/) : 0;
}

function wordBehind({ text, cursor }: TextField): number {
  return cursor + (/^\s*\S*/.exec(text.slice(cursor))?.[0].length ?? 0);
}
