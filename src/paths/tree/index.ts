/** Files, directories and symlinks, changed by the rules of Linux. */
export { type AddTreeOptions, type AddTreeProgress, type AddTreeResult, addTree } from "./add-tree.ts";
export type { InodeKind, InodeStat, TreeEntry } from "./entries.ts";
export { PathTree } from "./tree.ts";
