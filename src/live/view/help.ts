/** The keys, as they are shown in the place of the list. */
import { LineBuilder, type StyledLine } from "../text/index.ts";

const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ["Enter, double click", "take the hit"],
  ["Esc, Ctrl-C", "leave without one"],
  ["Up, Down, wheel", "another hit (PgUp, PgDn: a page)"],
  ["Tab", "hits or files"],
  ["Alt-C, F2", "case: smart, sensitive, ignore"],
  ["Alt-W, F3", "whole words"],
  ["Alt-R, F4", "regex or plain text"],
  ["Alt-H, F5", "hidden files too"],
  ["Alt-G, F6", "globs, as *.ts !test (Enter: done)"],
  ["Ctrl-P, Ctrl-N", "older and newer patterns"],
  ["Ctrl-U, Ctrl-K, Ctrl-W", "delete before, behind, a word"],
  ["Ctrl-Z", "stop until fg"],
  ["F1, Esc", "back"],
];

/** Lines that tell the keys, as many as there is room for. */
export function helpLines(rows: number, columns: number): StyledLine[] {
  return Array.from({ length: rows }, (_, row) => {
    const [keys, meaning] = KEYS[row] ?? ["", ""];
    return new LineBuilder(columns).add("  ").add(keys, "path").padTo(27).add(meaning).build();
  });
}
