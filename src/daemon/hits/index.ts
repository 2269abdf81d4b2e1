/** The hits of a tree: columns, the files that they lie in, their lines, and all of that as bytes. */
export { decodeHits, encodeHits, type HitBatch, joinBatches, wholeFiles } from "./hit-batch.ts";
export { type HitFile, hitColumns, TreeHits, type TreeHitsParts } from "./tree-hits.ts";
export {
  type HitsReport,
  type TreeReport,
  treeReport,
  type TreeScope,
  treeScope,
  type TreeState,
} from "./tree-scope.ts";
