/** Files, directories and symlinks, changed by the rules of Linux. */
export { addTree, type AddTreeOptions, type AddTreeProgress, type AddTreeResult } from "./add-tree.ts";
export type { InodeKind, InodeStat, TreeEntry } from "./entries.ts";
export { PathTree } from "./tree.ts";
