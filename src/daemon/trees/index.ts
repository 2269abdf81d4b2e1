/** Trees of files that stay in memory and answer as the disk would: never stale, whatever changes. */
export { ResidentTrees } from "./resident-trees.ts";
export type { ResidentTreesOptions, ResidentTreesParts, ResidentTreesStats } from "./options.ts";
export { openOwnTree } from "./own-asking.ts";
