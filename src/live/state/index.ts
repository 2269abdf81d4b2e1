/** What the screen is about: what was typed and chosen, what was found, and how events change it. Pure. */
export { type History, NO_HISTORY, withEntry } from "./history.ts";
export {
  panesOf,
  type Panes,
  smallestSize,
  toggleAt,
  TOGGLES,
  type ToggleName,
  toggleText,
} from "./panes.ts";
export { reduce } from "./reduce.ts";
export { fileRows, type ListRow, rowsOf, selectedLine } from "./rows.ts";
export {
  type Answer,
  type InitialState,
  initialState,
  isSameQuery,
  type LiveEvent,
  type LiveState,
  queryOf,
  type ScreenSize,
  treeOf,
} from "./state.ts";
export { type TextField, textField } from "./text-field.ts";
