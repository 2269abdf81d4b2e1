/** Where hits come from: a tree's files in an engine, found again whenever the tree changes on disk. */
export type {
  HitLine,
  HitSource,
  LineExcerpt,
  LiveHits,
  LiveQuery,
  MatchRange,
  SourceFacts,
  TreeChoice,
} from "./contracts.ts";
export { EngineSource, type EngineSourceOptions } from "./engine-source.ts";
