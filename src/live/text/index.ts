/** Text in columns: what is safe to show, how wide it is, and lines that are cut to a width. */
export { type Style, type StyledLine, type StyledText, LineBuilder } from "./line-builder.ts";
export { shownText } from "./shown-text.ts";
export { firstColumns, lastColumns, nearStart, widthOf } from "./width.ts";
