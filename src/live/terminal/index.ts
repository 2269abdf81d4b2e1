/** The terminal: its modes and their end, its size, and frames that are written as what has changed. */
export { Painter } from "./painter.ts";
export { type Palette, paletteOf } from "./palette.ts";
export { Terminal, terminalStreams, type TerminalStreams } from "./terminal.ts";
