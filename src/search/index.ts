/** The door of search: what other rooms may use. */
export { Corpus } from "./corpus/index.ts";
export { Search, SearchEngine, type SearchEngineOptions } from "./engine/index.ts";
export { scanShape, searchPrograms } from "./gpu/index.ts";
export { DEFAULT_WINDOW_BYTES } from "./searcher/index.ts";
export { type BinaryMode, canonicalEncoding, systemErrorText } from "./content/index.ts";
export {
  applyColorSpec,
  checkReplacement,
  type ColorSpecs,
  DEFAULT_COLOR_SPECS,
  type GrepEngine,
  type GrepMode,
  type GrepOptions,
  type GrepSubject,
  runGrep,
  type SortKey,
} from "./grep/index.ts";
export type { FileIdentity, TypeChange, WalkOptions } from "./walk/index.ts";
