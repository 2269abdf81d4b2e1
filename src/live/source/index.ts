/** Where hits come from: a tree that a daemon holds or this process, and that is as the disk at every search. */
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
export { TreeSource, type TreeSourceOptions } from "./tree-source.ts";
