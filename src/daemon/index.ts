/** The daemon: what lets one process answer many searches from memory, for as long as it runs. */
export {
  ResidentTrees,
  type ResidentTreesOptions,
  type ResidentTreesParts,
  type ResidentTreesStats,
} from "./trees/index.ts";
