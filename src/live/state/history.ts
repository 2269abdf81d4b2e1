/** Patterns that were used before. A history never changes: every step gives a new one. */

/** As many entries are kept. */
const MAX_ENTRIES = 500;

/** See the head of this file. */
export interface History {
  /** The oldest first. */
  readonly entries: readonly string[];
  /** The entry that is shown; `entries.length` is what was typed. */
  readonly at: number;
  /** What was typed before an entry was looked for. */
  readonly typed: string;
}

/** A history without entries. */
export const NO_HISTORY: History = { entries: [], at: 0, typed: "" };

/** Adds a pattern as the newest entry. An older entry of the same text goes. */
export function withEntry({ entries }: History, pattern: string): History {
  if (pattern === "") return { entries, at: entries.length, typed: "" };
  const kept = [...entries.filter((entry) => entry !== pattern), pattern].slice(-MAX_ENTRIES);
  return { entries: kept, at: kept.length, typed: "" };
}

/**
 * One entry back or forward.
 * @param shown the text that is in the field now
 * @returns undefined where there is none
 */
export function stepped(
  history: History,
  step: -1 | 1,
  shown: string,
): { history: History; text: string } | undefined {
  const { entries, at } = history;
  const typed = at === entries.length ? shown : history.typed;
  const next = at + step;
  if (next < 0 || next > entries.length) return undefined;
  return { history: { entries, at: next, typed }, text: entries[next] ?? typed };
}
