/** The one-shot search of the command line: files in, printed text and an exit code out. */
export type { GrepEngine, GrepSubject } from "./grep-engine.ts";
export type { GrepMode, GrepOptions, SortKey } from "./options.ts";
export { paysOnDevice } from "./one-shot-cost.ts";
export { runGrep } from "./run-grep.ts";
export {
  type ColorSpecs,
  DEFAULT_COLOR_SPECS,
  applyColorSpec,
  checkReplacement,
  HYPERLINK_ALIASES,
  type Hyperlinks,
  type LinkPart,
  parseHyperlinkFormat,
  type PrinterMode,
} from "./printer/index.ts";
