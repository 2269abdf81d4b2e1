/** The one-shot search of the command line: files in, printed text and an exit code out. */
export type { Conditions } from "./file-searcher/index.ts";
export type { WalkFiles } from "./found-files.ts";
export type { GrepEngine, GrepSubject, Visits } from "./grep-engine.ts";
export type { GrepMode, GrepOptions, SortKey } from "./options.ts";
export { paysOnDevice } from "./one-shot-cost.ts";
export { MatcherPool } from "./matcher-pool.ts";
export { runGrep } from "./run-grep.ts";
export type { HeldGrep } from "./search-files.ts";
export type { GrepStreams } from "./streams.ts";
export {
  type ColorSpecs,
  DEFAULT_COLOR_SPECS,
  applyColorSpec,
  HYPERLINK_ALIASES,
  type Hyperlinks,
  type LinkPart,
  parseHyperlinkFormat,
  type PrinterMode,
  type PrinterOptions,
  showsDetails,
} from "./printer/index.ts";
