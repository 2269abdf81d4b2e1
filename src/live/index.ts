/** Search as you type: a screen in the terminal on which every key searches everything. */
export { editorOf, openInEditor, type Place } from "./editor/index.ts";
export type { LiveOutcome } from "./outcome.ts";
export { type LiveOptions, runLive } from "./run-live.ts";
export { type HitSource, TreeSource, type TreeSourceOptions } from "./source/index.ts";
export { terminalStreams, type TerminalStreams } from "./terminal/index.ts";
