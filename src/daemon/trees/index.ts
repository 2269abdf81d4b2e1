/** Trees of files that stay in memory and answer as the disk would: never stale, whatever changes. */
export {
  ResidentTrees,
  type ResidentTreesOptions,
  type ResidentTreesParts,
  type ResidentTreesStats,
} from "./resident-trees.ts";
export { openOwnTree } from "./own-asking.ts";
