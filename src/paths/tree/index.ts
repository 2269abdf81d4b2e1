/** Files, directories and symlinks, changed by the rules of Linux. */
export { type AddTreeOptions, type AddTreeResult, addTree, type AddTreeProgress } from "./add-tree.ts";
export type { InodeStat, TreeEntry, InodeKind } from "./entries.ts";
export { PathTree } from "./tree.ts";
