/** Corpora that are generated, with needles at known places. */
export {
  BURST_COUNT,
  type GeneratedCorpora,
  type GeneratedCorpus,
  type KnownQuery,
  generatedCorpora,
} from "./generated-corpus.ts";
export type { Query } from "./query.ts";
