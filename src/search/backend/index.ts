/** What host threads and a device's kernel both do for a search engine. */
export type {
  Backend,
  BackendInfo,
  BackendTicket,
  HitPlaces,
  LineCount,
  LineTicket,
  LoadedCorpus,
  LoadOptions,
  RawHits,
  SubmitOptions,
  UndecidedLines,
} from "./backend.ts";
export { countedHits } from "./counted-hits.ts";
export { hitLengths } from "./hit-lengths.ts";
export { NO_LINES } from "./no-lines.ts";
export { literalsOf, operationOf, scanPlan } from "./operation.ts";
