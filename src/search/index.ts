/** The door of search: what other folders may use. */
export {
  type Backend,
  type BackendTicket,
  type LoadedCorpus,
  type RawHits,
  scanPlan,
} from "./backend/index.ts";
export type { FoundFile, Literal, Plan } from "./contracts.ts";
export { Corpus, FILE_FLAGS, Placement, loadedStamp, sameStamp, stampOf } from "./corpus/index.ts";
export {
  Search,
  SearchEngine,
  openDevice,
  type BackendChoice,
  type SearchEngineOptions,
} from "./engine/index.ts";
export { scanShape, searchPrograms } from "./gpu/index.ts";
export { type CandidateList, DEFAULT_WINDOW_BYTES } from "./searcher/index.ts";
export {
  canonicalEncoding,
  loadDecoder,
  type BinaryMode,
  readDescriptor,
  systemErrorText,
} from "./content/index.ts";
export {
  type ColorSpecs,
  DEFAULT_COLOR_SPECS,
  applyColorSpec,
  showsDetails,
  pathBytes,
  checkReplacement,
  type EngineReport,
  type GrepEngine,
  type GrepMode,
  type GrepOptions,
  type GrepSubject,
  type SortKey,
  runGrep,
} from "./grep/index.ts";
export {
  type FileIdentity,
  type TypeChange,
  type WalkError,
  type WalkOptions,
  typeListLines,
  walk,
} from "./walk/index.ts";
