/** Answers in pages: a size limit, the order of results, and cursors that say where the next page begins. */
export { type Cursor, cursorAfter, readCursor } from "./cursor.ts";
export { clippedLine } from "./line-text.ts";
export { countOf } from "./numbers.ts";
export { compareCounts, comparePositions, type Position, pathOrder, type PathOrder } from "./order.ts";
export { Page } from "./page.ts";
