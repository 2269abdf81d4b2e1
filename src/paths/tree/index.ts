/** Files, directories and symlinks, changed by the rules of Linux. */
export { type AddTreeOptions, type AddTreeResult, addTree } from "./add-tree.ts";
export { type InodeStat, PathTree, type TreeEntry } from "./tree.ts";
