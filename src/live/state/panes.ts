/** Where on the screen everything is: one truth for drawing and for clicks. */
import type { LiveState, ScreenSize } from "./state.ts";

/** Rows of the screen, from 0. A pane of no rows is not there. */
export interface Panes {
  /** Row of the toggles; undefined where there is no room. */
  readonly toggleRow: number | undefined;
  readonly listRow: number;
  readonly listRows: number;
  /** The title of the preview lies above `previewRow`. */
  readonly previewRow: number;
  readonly previewRows: number;
  readonly statusRow: number;
}

/** On a smaller screen nothing is shown but that. */
export const smallestSize: ScreenSize = { columns: 20, rows: 5 };

/** Fewer rows have no line of toggles. */
const TOGGLES_FROM_ROWS = 8;
/** Fewer rows have no preview. */
const PREVIEW_FROM_ROWS = 14;

/** Divides the screen. */
export function panesOf({ rows }: ScreenSize): Panes {
  const hasToggles = rows >= TOGGLES_FROM_ROWS;
  const listRow = hasToggles ? 2 : 1;
  const statusRow = rows - 1;
  const free = statusRow - listRow;
  const previewRows = rows >= PREVIEW_FROM_ROWS ? Math.floor((free - 1) * 0.4) : 0;
  const listRows = free - (previewRows > 0 ? previewRows + 1 : 0);
  return {
    toggleRow: hasToggles ? 1 : undefined,
    listRow,
    listRows,
    previewRow: listRow + listRows + 1,
    previewRows,
    statusRow,
  };
}

/** What can be switched. */
export type ToggleName = "case" | "word" | "regex" | "hidden" | "globs";

/** The toggles in their order, and the keys that switch them. */
export const TOGGLES: readonly {
  readonly name: ToggleName;
  readonly letter: string;
  readonly key: number;
}[] = [
  { name: "case", letter: "c", key: 2 },
  { name: "word", letter: "w", key: 3 },
  { name: "regex", letter: "r", key: 4 },
  { name: "hidden", letter: "h", key: 5 },
  { name: "globs", letter: "g", key: 6 },
];

/** Columns between two toggles. */
const GAP = 2;

/** What a toggle says. */
export function toggleText(name: ToggleName, state: LiveState): { text: string; isOn: boolean } {
  if (name === "case") return { text: `case:${state.caseMode}`, isOn: state.caseMode !== "smart" };
  if (name === "globs") {
    const isOn = state.globs.text !== "" || state.focus === "globs";
    return { text: "globs:", isOn };
  }
  const isOn = name === "word" ? state.isWord : name === "regex" ? state.isRegex : state.isHidden;
  return { text: `[${isOn ? "x" : " "}]${name}`, isOn };
}

/** Where each toggle begins. */
export function togglePlaces(
  state: LiveState,
): readonly { name: ToggleName; column: number; width: number }[] {
  let column = 0;
  return TOGGLES.map(({ name }) => {
    const { text } = toggleText(name, state);
    const place = { name, column, width: text.length };
    column += text.length + GAP;
    return place;
  });
}

/** The toggle at a column of their row. What lies behind the last one belongs to it. */
export function toggleAt(state: LiveState, column: number): ToggleName | undefined {
  return togglePlaces(state).find(
    (place) => column >= place.column && (place.name === "globs" || column < place.column + place.width),
  )?.name;
}
